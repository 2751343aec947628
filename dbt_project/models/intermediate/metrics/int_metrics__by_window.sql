with int_metrics__by_part as (
    select * from {{ ref('int_metrics__by_part') }}
),

window_parts as (
    select distinct
        purpose,
        period_type,
        period_start,
        part_start_date
    from {{ ref('int_window_days') }}
),

-- a part lies in several windows, and counts in each
final as (
    select
        int_metrics__by_part.scope,
        int_metrics__by_part.scope_id,
        int_metrics__by_part.metric_id,
        window_parts.purpose,
        window_parts.period_type,
        window_parts.period_start,
        sum(int_metrics__by_part.numerator) as numerator,
        sum(int_metrics__by_part.denominator) as denominator,
        sum(int_metrics__by_part.sum_of_squares) as sum_of_squares,
        sum(int_metrics__by_part.unassigned_numerator) as unassigned_numerator,
        sum(int_metrics__by_part.numerator_with_goal) as numerator_with_goal,
        sum(int_metrics__by_part.denominator_with_goal) as denominator_with_goal,
        sum(int_metrics__by_part.sum_of_squares_with_goal) as sum_of_squares_with_goal,
        sum(int_metrics__by_part.weighed_goal) as weighed_goal,
        sum(int_metrics__by_part.goal_to_date) as goal_to_date,
        sum(int_metrics__by_part.goal_period) as goal_period
    from int_metrics__by_part
    inner join window_parts
        on int_metrics__by_part.part_start_date = window_parts.part_start_date
    group by 1, 2, 3, 4, 5, 6
)

select * from final
