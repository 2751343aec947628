-- what: the holidays of most reps

with calendars as (
    select
        coalesce(nullif(trim(calendar), ''), {{ default_calendar }}) as calendar,
        count(distinct rep_id) as rep_count
    from raw_files.reps
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and coalesce(end_date, '9999-12-31') >= cast({{ as_of }} as varchar)
    group by 1
),

custom_holidays as (
    select holidays.calendar, holidays.holiday_date
    from (values {{ custom_holidays }}) as holidays (calendar, holiday_date)
),

all_holidays as (
    select calendar, holiday_date from raw_reference.holidays
    union
    select calendars.calendar, custom_holidays.holiday_date
    from custom_holidays
    inner join calendars
        on custom_holidays.calendar = '' or custom_holidays.calendar = calendars.calendar
)

select all_holidays.holiday_date as date_day
from all_holidays
inner join calendars
    on all_holidays.calendar = calendars.calendar
group by 1
having sum(calendars.rep_count) * 2 >= (select sum(rep_count) from calendars)
