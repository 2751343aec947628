with int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_activities__counted_daily as (
    select * from {{ ref('int_activities__counted_daily') }}
),

int_logging_roles as (
    select * from {{ ref('int_logging_roles') }}
),

int_signal_windows as (
    select * from {{ ref('int_signal_windows') }}
),

-- days on which there was someone to log: an absence or a holiday is no gap in the capture
work_days as (
    select
        int_rep_days.rep_id,
        int_rep_days.team,
        int_rep_days.date_day,
        int_rep_days.date_day >= int_signal_windows.capture_start as is_now
    from int_rep_days
    inner join int_logging_roles
        on int_rep_days.role = int_logging_roles.role
    cross join int_signal_windows
    where
        int_rep_days.capacity > 0
        and int_rep_days.date_day >= int_signal_windows.baseline_start
        and int_rep_days.date_day <= {{ goals_due_date() }}
),

captured as (
    select distinct
        int_activities__counted_daily.rep_id,
        int_activities__counted_daily.date_day,
        int_activities__counted_daily.activity_type
    from int_activities__counted_daily
    cross join int_signal_windows
    where int_activities__counted_daily.date_day >= int_signal_windows.baseline_start
    union all
    select distinct
        int_activities__counted_daily.rep_id,
        int_activities__counted_daily.date_day,
        'any' as activity_type
    from int_activities__counted_daily
    cross join int_signal_windows
    where int_activities__counted_daily.date_day >= int_signal_windows.baseline_start
),

activity_types as (
    select 'any' as activity_type
    union
    select activity_type from captured
),

-- by rep and kind of activity: how many days there were, and on how many something was captured
rep_captures as (
    select
        work_days.rep_id,
        work_days.team,
        activity_types.activity_type,
        sum(case when work_days.is_now then 1 else 0 end) as days_now,
        sum(case when work_days.is_now and captured.date_day is not null then 1 else 0 end)
            as captured_now,
        sum(case when work_days.is_now then 0 else 1 end) as days_before,
        sum(case when not work_days.is_now and captured.date_day is not null then 1 else 0 end)
            as captured_before
    from work_days
    cross join activity_types
    left join captured
        on
            work_days.rep_id = captured.rep_id
            and work_days.date_day = captured.date_day
            and activity_types.activity_type = captured.activity_type
    group by 1, 2, 3
)

select * from rep_captures
