with int_plans__sized as (
    select * from {{ ref('int_plans__sized') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        role,
        fiscal_year,
        year_start_date,
        probability,
        step,
        last_step,
        metric_id,
        metric_name,
        unit,
        result_unit,
        result_target,
        {% for column in [
            "result_dispersion", "result_mean", "history_from", "history_to", "own_weight", "rate",
            "events_per_result", "channel_share", "reps", "capacity_days_per_rep", "working_days",
            "events_per_year", "events_per_month", "events_per_rep", "events_per_day",
            "full_time_goal", "median_per_day", "top_quartile_per_day",
        ] %}
        {{ settle(column) }} as {{ column }},
        {% endfor %}
        feasibility,
        {{ settle('assigned_goal') }} as assigned_goal,
        {% for month in range(1, 13) %}
        {{ settle('month_' ~ month ~ '_share') }} as month_{{ month }}_share,
        {% endfor %}
        {{ settle('assigned_goal / nullif(events_per_year, 0)') }} as assigned_ratio
    from int_plans__sized
)

select * from final
