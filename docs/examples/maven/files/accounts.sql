select
    account as account_id,
    account as account_name,
    sector as industry,
    employees as employee_count,
    -- the export has millions of dollars
    cast(cast(revenue as decimal(18, 2)) * 1000000 as bigint) as annual_revenue,
    office_location as country
from read_csv('exports/accounts.csv', all_varchar = true)
