-- The source has no orders, only what each person sold this year and last year. So that goals have
-- actuals beside them, each month of the fiscal year is given a twelfth of it, as one won deal. A
-- person who came in the last days of a year sold nothing in it (the source has the territory's).
with sales_persons as (
    select * from read_csv('exports/sales_person.csv', all_varchar = true)
),

employees as (
    select * from read_csv('exports/sales_employee.csv', all_varchar = true)
),

years as (
    select
        business_entity_id,
        cast(sales_ytd as double) as amount,
        date '2013-06-01' as first_day
    from sales_persons
    union all
    select
        sales_persons.business_entity_id,
        cast(sales_persons.sales_last_year as double) as amount,
        date '2012-06-01' as first_day
    from sales_persons
    inner join employees
        on sales_persons.business_entity_id = employees.business_entity_id
    where cast(employees.hire_date as date) < date '2013-05-01'
),

months as (
    select
        years.business_entity_id,
        years.amount / 12 as amount,
        last_day(cast(years.first_day + to_months(month_numbers.month_number) as date)) as month_end
    from years
    cross join (select cast(unnest(range(12)) as integer) as month_number) as month_numbers
    where years.amount > 0
)

select
    'sales_' || business_entity_id || '_' || strftime(month_end, '%Y_%m') as opportunity_id,
    business_entity_id as rep_id,
    amount,
    null as created_at,
    month_end as close_date,
    true as is_closed,
    true as is_won
from months
