with int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_activities__counted_daily as (
    select * from {{ ref('int_activities__counted_daily') }}
),

captured as (
    select distinct
        rep_id,
        date_day
    from int_activities__counted_daily
),

days as (
    select
        int_rep_days.rep_id,
        int_rep_days.team,
        int_rep_days.date_day,
        case
            when int_rep_days.employed = 1 and int_rep_days.date_day <= {{ as_of_date() }}
                then int_rep_days.date_day
        end as reference_date,
        case
            when int_rep_days.date_day <= {{ goals_due_date() }} then int_rep_days.capacity
            else 0
        end as capacity_days,
        case
            when int_rep_days.date_day > {{ goals_due_date() }} then int_rep_days.capacity
            else 0
        end as capacity_days_remaining,
        case
            when
                int_rep_days.capacity > 0
                and int_rep_days.date_day <= {{ goals_due_date() }}
                then 1
            else 0
        end as work_days,
        case
            when
                int_rep_days.capacity > 0
                and int_rep_days.date_day <= {{ goals_due_date() }}
                and captured.date_day is not null
                then 1
            else 0
        end as captured_days
    from int_rep_days
    left join captured
        on
            int_rep_days.rep_id = captured.rep_id
            and int_rep_days.date_day = captured.date_day
)

select * from days
