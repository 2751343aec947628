-- what: Some {{ name }} was changed recently.
-- reason: If not, the CRM is not used, or the user or key no longer sees new records.
-- severity: warn
-- tables: busy_objects
-- expected: at most {{ freshness_days }} days before the as-of date
-- settings: freshness_days
-- absent: no {{ name }} was read

with changes as (
    select try_cast(left(max({{ changed }}), 10) as date) as newest
    from {{ schema }}.{{ table }}
    having count(*) > 0
)

select
    'newest change of {{ name }}' as subject,
    'on ' || newest as observed,
    'at most {{ freshness_days }} days before ' || {{ as_of }} as expected,
    case when {{ as_of }} - newest <= {{ freshness_days }} then 0 else 1 end as failed_rows
from changes
