with int_days as (
    select * from {{ ref('int_days') }}
),

calendars as (
    select * from {{ ref('calendars') }}
),

int_holidays__unioned as (
    select * from {{ ref('int_holidays__unioned') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

-- a calendar that the policy does not describe is Monday to Friday without holidays
all_calendars as (
    select
        calendar,
        lpad(working_weekdays, 7, '0') as working_weekdays
    from calendars
    union all
    select distinct
        int_crm__reps.calendar,
        '1111100' as working_weekdays
    from int_crm__reps
    left join calendars
        on int_crm__reps.calendar = calendars.calendar
    where calendars.calendar is null
),

days as (
    select
        all_calendars.calendar,
        int_days.date_day,
        case
            when
                substr(all_calendars.working_weekdays, int_days.iso_weekday, 1) = '1'
                and int_holidays__unioned.holiday_date is null
                then 1
            else 0
        end as working
    from all_calendars
    cross join int_days
    left join int_holidays__unioned
        on
            all_calendars.calendar = int_holidays__unioned.calendar
            and int_days.date_day = int_holidays__unioned.holiday_date
)

select * from days
