-- what: A deal was opened or closed recently.
-- remedy: If not, the export of deals may have stopped.
-- severity: warn
-- table: opportunities
-- column: close_date
-- expected: at most {{ opportunity_freshness_days }} days before the as-of date
-- settings: opportunity_freshness_days
-- absent: no opportunities in this source

with moments as (
    select try_cast(substr(created_at, 1, 10) as date) as date_day
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    union all
    select try_cast(close_date as date)
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true' and is_closed = 'true'
),

newest as (
    select max(date_day) filter (date_day <= {{ as_of }}) as date_day
    from moments
    having count(*) > 0
)

select
    'newest deal opened or closed' as subject,
    coalesce(
        'on ' || date_day || ', ' || ({{ as_of }} - date_day) || ' days before the as-of date',
        'none on or before the as-of date'
    ) as observed,
    'at most {{ opportunity_freshness_days }} days before ' || {{ as_of }} as expected,
    case when {{ as_of }} - date_day <= {{ opportunity_freshness_days }} then 0 else 1 end
        as failed_rows
from newest
