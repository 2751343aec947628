-- what: each day of two years up to the as-of date, and whether most reps work on it: weekday
--     pattern, holidays and whole days of leave. A source without reps of files, such as a CRM, has
--     the company's calendar

with reps as (
    select
        trim(rep_id) as rep_id,
        arg_max(
            coalesce(nullif(trim(calendar), ''), {{ default_calendar }}), coalesce(valid_from, '')
        ) as calendar
    from raw_files.reps
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and coalesce(end_date, '9999-12-31') >= cast({{ as_of }} as varchar)
    group by 1
),

staffed as (
    select calendar, count(*) as rep_count from reps group by 1
    union all
    select {{ default_calendar }}, 1 where not exists (select 1 from reps)
),

days as (
    select cast(date_day as date) as date_day
    from generate_series(
        cast({{ as_of }} - 800 as timestamp), cast({{ as_of }} as timestamp), interval 1 day
    ) as series (date_day)
),

calendars as (
    select calendars.calendar, lpad(calendars.working_weekdays, 7, '0') as working_weekdays
    from (values {{ calendars }}) as calendars (calendar, working_weekdays)
),

custom_holidays as (
    select holidays.calendar, holidays.holiday_date, max(holidays.working) as working
    from (values {{ custom_holidays }}) as holidays (calendar, holiday_date, working)
    group by 1, 2
),

calendar_days as (
    select
        staffed.calendar,
        staffed.rep_count,
        days.date_day,
        -- the company's own row wins over the public holiday, that of a calendar over that of all
        coalesce(
            own_days.working,
            all_days.working,
            case when public_days.holiday_date is not null then 0 end,
            cast(
                substr(coalesce(calendars.working_weekdays, '1111100'), isodow(days.date_day), 1)
                as double
            )
        ) > 0 as is_working
    from staffed
    cross join days
    left join calendars
        on staffed.calendar = calendars.calendar
    left join custom_holidays as own_days
        on staffed.calendar = own_days.calendar and days.date_day = own_days.holiday_date
    left join custom_holidays as all_days
        on all_days.calendar = '' and days.date_day = all_days.holiday_date
    left join (select distinct calendar, holiday_date from raw_reference.holidays) as public_days
        on staffed.calendar = public_days.calendar and days.date_day = public_days.holiday_date
),

away as (
    select reps.calendar, days.date_day, count(distinct reps.rep_id) as rep_count
    from raw_files.time_off
    inner join reps
        on trim(time_off.rep_id) = reps.rep_id
    inner join days
        on
            days.date_day >= cast(time_off.start_date as date)
            and days.date_day <= cast(time_off.end_date as date)
    where
        coalesce(time_off._is_deleted, 'false') <> 'true'
        and coalesce(try_cast(time_off.fraction as double), 1) >= 1
    group by 1, 2
)

select
    calendar_days.date_day,
    2 * coalesce(
        sum(calendar_days.rep_count - coalesce(away.rep_count, 0))
        filter (calendar_days.is_working),
        0
    ) > sum(calendar_days.rep_count) as is_working
from calendar_days
left join away
    on calendar_days.calendar = away.calendar and calendar_days.date_day = away.date_day
group by 1
