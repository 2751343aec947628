with int_usual_days as (
    select * from {{ ref('int_usual_days') }}
),

int_silent_runs as (
    select * from {{ ref('int_silent_runs') }}
),

int_capture_gaps as (
    select * from {{ ref('int_capture_gaps') }}
),

int_signal_windows as (
    select * from {{ ref('int_signal_windows') }}
),

counted as (
    select
        int_usual_days.scope,
        int_usual_days.scope_id,
        int_usual_days.kind,
        count(*) as usual_days,
        sum(case when int_usual_days.is_silent then 0 else 1 end) as captured_days
    from int_usual_days
    cross join int_signal_windows
    where int_usual_days.date_day >= int_signal_windows.records_start
    group by 1, 2, 3
),

-- the last gap that reaches into the days looked at
gaps as (
    select
        int_capture_gaps.scope,
        int_capture_gaps.scope_id,
        int_capture_gaps.kind,
        max(int_capture_gaps.first_day) as first_day
    from int_capture_gaps
    cross join int_signal_windows
    where int_capture_gaps.last_day >= int_signal_windows.records_start
    group by 1, 2, 3
),

final as (
    select
        counted.*,
        int_silent_runs.first_day as gap_first_day,
        int_silent_runs.last_day as gap_last_day,
        int_silent_runs.silent_days as gap_days,
        (int_silent_runs.days_before - int_silent_runs.silent_before)
        / nullif(cast(int_silent_runs.days_before as {{ type_double() }}), 0) as usual_ratio
    from counted
    left join gaps
        on
            counted.scope = gaps.scope
            and counted.scope_id = gaps.scope_id
            and counted.kind = gaps.kind
    left join int_silent_runs
        on
            gaps.scope = int_silent_runs.scope
            and gaps.scope_id = int_silent_runs.scope_id
            and gaps.kind = int_silent_runs.kind
            and gaps.first_day = int_silent_runs.first_day
)

select * from final
