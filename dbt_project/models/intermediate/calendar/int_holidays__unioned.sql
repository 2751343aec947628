with holidays as (
    select * from {{ source('raw_reference', 'holidays') }}
),

calendars as (
    select * from {{ ref('calendars') }}
),

custom_holidays as (
    select * from {{ ref('custom_holidays') }}
),

-- a custom holiday without a calendar is one of every calendar
unioned as (
    select
        calendar,
        holiday_date
    from holidays
    union
    select
        calendars.calendar,
        custom_holidays.holiday_date
    from custom_holidays
    inner join calendars
        on coalesce(custom_holidays.calendar, calendars.calendar) = calendars.calendar
)

select * from unioned
