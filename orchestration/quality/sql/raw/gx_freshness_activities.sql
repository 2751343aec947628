-- what: The newest activity is recent, in working days of most reps (holidays, leave and the
--     weekday pattern are left out).
-- reason: If not, the export has stopped, and scorecards would show everybody behind:
-- remedy: deliver a newer file. If nobody logged anything for so long, enter the days in
--     custom_holidays.csv or time_off, or raise freshness_days in company_settings.csv.
-- severity: error
-- table: activities
-- column: occurred_at
-- expected: at most {{ freshness_days }} working days before the as-of date
-- settings: freshness_days
-- absent: no activities in this source

with newest as (
    select max(date_day) filter (date_day <= {{ as_of }}) as date_day
    from activity_hours
    having count(*) > 0
),

aged as (
    select date_day, working_days_since(date_day, {{ as_of }}) as working_days
    from newest
)

select
    'newest activity' as subject,
    coalesce(
        'on ' || date_day || ', ' || working_days || ' working days before the as-of date',
        'none on or before the as-of date'
    ) as observed,
    'at most {{ freshness_days }} working days before ' || {{ as_of }} as expected,
    case when working_days <= {{ freshness_days }} then 0 else 1 end as failed_rows
from aged
