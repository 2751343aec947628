-- what: The last whole day has about as many activities as that weekday usually has; days on which
--     most reps do not work are left out.
-- reason: If it has far fewer, the export or the logging integration probably broke:
-- remedy: check it before anyone is judged by it. If the day really was that quiet, lower
--     volume_min_ratio in company_settings.csv.
-- severity: error
-- table: activities
-- column: occurred_at
-- expected: at least {{ '{:.0%}'.format(volume_min_ratio) }} of the median of
--     {{ volume_weeks }} such weekdays
-- settings: volume_min_ratio, volume_min_median, volume_weeks
-- absent: no activities in this source

with last_day as (
    select last_whole_day as date_day from last_read
    where exists (select 1 from activity_hours)
),

daily as (
    select date_day, sum(row_count) as row_count from activity_hours group by 1
),

earlier as (
    select last_day.date_day - cast(7 * weeks.number as integer) as date_day
    from last_day
    cross join range(1, cast({{ volume_weeks }} as bigint) + 1) as weeks(number)
),

usual as (
    select
        median(coalesce(daily.row_count, 0)) as row_count,
        count(*) as day_count
    from earlier
    left join daily
        on earlier.date_day = daily.date_day
    where
        earlier.date_day >= (select min(date_day) from daily)
        and earlier.date_day in (select date_day from company_days where is_working)
),

-- a weekday far below the other days, such as a Sunday with a few late e-mails, says nothing
typical as (
    select median(daily.row_count) as row_count
    from daily
    cross join last_day
    where
        daily.date_day < last_day.date_day
        and daily.date_day >= last_day.date_day - cast(7 * {{ volume_weeks }} as integer)
),

judged as (
    select
        last_day.date_day,
        coalesce(daily.row_count, 0) as row_count,
        usual.row_count as usual_count,
        usual.day_count,
        usual.row_count < {{ volume_min_median }}
        or usual.row_count < {{ volume_min_ratio }} * typical.row_count as is_quiet,
        last_day.date_day not in (select date_day from company_days where is_working) as is_off
    from last_day
    cross join usual
    cross join typical
    left join daily
        on last_day.date_day = daily.date_day
)

select
    strftime(date_day, '%A %Y-%m-%d') as subject,
    row_count || ' activities'
    || case
        when is_off then ', a day on which most reps do not work'
        when day_count < 4 then ', fewer than 4 such weekdays to compare with'
        when is_quiet then ', a weekday that is usually quiet'
        else ''
    end as observed,
    'at least ' || coalesce(cast(ceil({{ volume_min_ratio }} * usual_count) as bigint), 0)
    || ' (the median of ' || day_count || ' such weekdays is '
    || coalesce(cast(usual_count as bigint), 0) || ')'
        as expected,
    case
        when is_off or day_count < 4 or is_quiet then 0
        when row_count < {{ volume_min_ratio }} * usual_count then 1
        else 0
    end as failed_rows
from judged
