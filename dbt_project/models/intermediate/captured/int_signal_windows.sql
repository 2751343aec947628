with int_settings as (
    select * from {{ ref('int_settings') }}
),

windows as (
    select
        {{ add_days(add_days(goals_due_date(), 1), '-signal_capture_days') }} as capture_start,
        {{ add_days(
            add_days(goals_due_date(), 1), '-signal_capture_days - signal_baseline_days'
        ) }} as baseline_start,
        {{ add_days(add_days(as_of_date(), 1), '-signal_days') }} as records_start
    from int_settings
)

select * from windows
