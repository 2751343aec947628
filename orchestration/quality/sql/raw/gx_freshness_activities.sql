-- what: The newest activity is recent.
-- reason: If not, the export has stopped:
-- remedy: deliver a newer file, or scorecards would show everybody behind.
-- severity: error
-- table: activities
-- column: occurred_at
-- expected: at most {{ freshness_days }} days before the as-of date
-- settings: freshness_days
-- absent: no activities in this source

with newest as (
    select max(date_day) filter (date_day <= {{ as_of }}) as date_day
    from activity_hours
    having count(*) > 0
)

select
    'newest activity' as subject,
    coalesce(
        'on ' || date_day || ', ' || ({{ as_of }} - date_day) || ' days before the as-of date',
        'none on or before the as-of date'
    ) as observed,
    'at most {{ freshness_days }} days before ' || {{ as_of }} as expected,
    case when {{ as_of }} - date_day <= {{ freshness_days }} then 0 else 1 end as failed_rows
from newest
