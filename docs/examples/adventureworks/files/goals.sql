-- A quota is set on some day around the first of a quarter (2011-05-31, 2012-02-29, 2014-03-01, ...)
-- and is the goal of that quarter. Fiscal quarters start in June, September, December and March
-- (company setting fiscal_year_start_month 6), so each date goes to the nearest of those days.
with quotas as (
    select
        id,
        business_entity_id,
        cast(cast(quota_date as timestamp) as date) as quota_date,
        sales_quota
    from read_csv('exports/sales_person_quota_history.csv', all_varchar = true)
),

-- calendar quarters start one month after fiscal ones: shift by a month, and by half a quarter so
-- that cutting off becomes rounding to the nearest
snapped as (
    select
        id,
        business_entity_id,
        sales_quota,
        cast(
            date_trunc('quarter', quota_date + interval 45 days + interval 1 month)
            - interval 1 month
            as date
        ) as quarter_start_date
    from quotas
)

select
    'quota_' || id as goal_id,
    'rep' as scope,
    business_entity_id as scope_value,
    'revenue_won' as metric_id,
    'quarter' as period,
    sales_quota as goal,
    'redistribute' as timing,
    quarter_start_date as valid_from,
    cast(quarter_start_date + interval 3 months as date) as valid_to
from snapped
