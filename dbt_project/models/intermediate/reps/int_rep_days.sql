with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

ramp_curves as (
    select * from {{ ref('ramp_curves') }}
),

stg_files__time_off as (
    select * from {{ ref('stg_files__time_off') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

leave_days as (
    select
        stg_files__time_off.rep_id,
        int_dates.date_day,
        {{ lower_of('sum(coalesce(stg_files__time_off.fraction, 1))', '1') }} as leave
    from stg_files__time_off
    inner join int_dates
        on
            int_dates.date_day >= stg_files__time_off.start_date
            and int_dates.date_day <= stg_files__time_off.end_date
    where not stg_files__time_off.is_deleted
    group by 1, 2
),

-- a rep has one version on a day, so each rep and day comes once
versioned as (
    select
        int_crm__reps.rep_id,
        int_calendar_days.date_day,
        int_crm__reps.rep_version_id,
        int_crm__reps.team,
        int_crm__reps.region,
        int_crm__reps.role,
        int_crm__reps.tier,
        int_crm__reps.fte,
        int_calendar_days.working,
        case
            when
                int_calendar_days.date_day
                >= coalesce(int_crm__reps.hire_date, int_calendar_days.date_day)
                and int_calendar_days.date_day
                <= coalesce(int_crm__reps.end_date, int_calendar_days.date_day)
                then 1
            else 0
        end as employed,
        case
            when int_calendar_days.date_day >= int_crm__reps.hire_date
                then {{ month_of_tenure('int_crm__reps.hire_date', 'int_calendar_days.date_day') }}
        end as tenure_month
    from int_crm__reps
    inner join int_calendar_days
        on
            int_crm__reps.calendar = int_calendar_days.calendar
            and int_calendar_days.date_day >= int_crm__reps.effective_from
            and int_calendar_days.date_day < int_crm__reps.effective_to
    inner join int_dates
        on int_calendar_days.date_day = int_dates.date_day
),

completed as (
    select
        versioned.rep_id,
        versioned.date_day,
        versioned.rep_version_id,
        versioned.team,
        versioned.region,
        versioned.role,
        versioned.tier,
        versioned.working,
        versioned.employed,
        versioned.fte,
        coalesce(ramp_curves.ramp_ratio, 1) as ramp,
        coalesce(leave_days.leave, 0) as leave,
        versioned.working * versioned.employed * versioned.fte * (1 - coalesce(leave_days.leave, 0))
            as capacity
    from versioned
    left join ramp_curves
        on
            versioned.role = ramp_curves.role
            and versioned.tenure_month = ramp_curves.month_of_tenure
    left join leave_days
        on
            versioned.rep_id = leave_days.rep_id
            and versioned.date_day = leave_days.date_day
)

select * from completed
