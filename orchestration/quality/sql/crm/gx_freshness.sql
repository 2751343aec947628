-- what: Some {{ name }} was changed recently, in working days of most reps.
-- reason: If not, the CRM is not used, or the user or key no longer sees new records.
-- remedy: Check the rights of the user or key; if {{ name }} change that rarely, raise
--     freshness_days in company_settings.csv.
-- severity: warn
-- tables: busy_objects
-- expected: at most {{ freshness_days }} working days before the as-of date
-- settings: freshness_days
-- absent: no {{ name }} was read

with changes as (
    select local_day(max({{ changed }}), {{ time_zone }}) as newest
    from {{ schema }}.{{ table }}
    having count(*) > 0
),

aged as (
    select newest, working_days_since(newest, {{ as_of }}) as working_days
    from changes
)

select
    'newest change of {{ name }}' as subject,
    'on ' || newest || ', ' || working_days || ' working days before the as-of date' as observed,
    'at most {{ freshness_days }} working days before ' || {{ as_of }} as expected,
    case when working_days <= {{ freshness_days }} then 0 else 1 end as failed_rows
from aged
