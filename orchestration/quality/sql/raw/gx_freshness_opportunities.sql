-- what: A deal was opened or closed recently, in working days of most reps.
-- reason: If not, the export of deals may have stopped:
-- remedy: deliver a newer file. If deals are that rare, raise opportunity_freshness_days in
--     company_settings.csv.
-- severity: warn
-- table: opportunities
-- column: close_date
-- expected: at most {{ opportunity_freshness_days }} working days before the as-of date
-- settings: opportunity_freshness_days
-- absent: no opportunities in this source

with moments as (
    select local_day(created_at, {{ time_zone }}) as date_day
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
),

aged as (
    select date_day, working_days_since(date_day, {{ as_of }}) as working_days
    from newest
)

select
    'newest deal opened or closed' as subject,
    coalesce(
        'on ' || date_day || ', ' || working_days || ' working days before the as-of date',
        'none on or before the as-of date'
    ) as observed,
    'at most {{ opportunity_freshness_days }} working days before ' || {{ as_of }} as expected,
    case when working_days <= {{ opportunity_freshness_days }} then 0 else 1 end as failed_rows
from aged
