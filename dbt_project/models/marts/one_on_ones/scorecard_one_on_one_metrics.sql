with int_one_on_one_metrics as (
    select * from {{ ref('int_one_on_one_metrics') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        rep_id,
        week_id,
        week_start_date,
        is_current,
        window_start_date,
        window_end_date,
        metric_id,
        metric_name,
        metric_kind,
        unit,
        aggregation,
        is_higher_better,
        weight,
        sort_order,
        role,
        actual,
        goal_to_date,
        attainment,
        level,
        evidence,
        z_score,
        status,
        coverage_ratio,
        attainment_week_before,
        status_week_before
    from int_one_on_one_metrics
)

select * from final
