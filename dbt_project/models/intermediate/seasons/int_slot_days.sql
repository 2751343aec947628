with int_dates as (
    select * from {{ ref('int_dates') }}
),

int_calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

slot_days as (
    select
        int_dates.slot_id,
        cast(sum(int_calendar_days.working) as {{ type_double() }}) as working_days
    from int_dates
    cross join int_settings
    inner join int_calendar_days
        on
            int_dates.date_day = int_calendar_days.date_day
            and int_settings.default_calendar = int_calendar_days.calendar
    where
        int_dates.year_start_date <= {{ as_of_date() }}
        and int_dates.year_end_date >= {{ as_of_date() }}
    group by 1
)

select * from slot_days
