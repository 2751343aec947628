select
    Id as account_id,
    Name as account_name,
    Industry as industry,
    NumberOfEmployees as employee_count,
    AnnualRevenue as annual_revenue,
    BillingCountry as country
from read_csv('exports/Account.csv', all_varchar = true)
where IsDeleted = 'false'
