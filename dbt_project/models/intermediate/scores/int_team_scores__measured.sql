with int_metrics__by_window as (
    select * from {{ ref('int_metrics__by_window') }}
    where scope in ('team', 'unassigned', 'organisation') and purpose = 'period'
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
    where is_organisation
),

joined as (
    select
        int_metrics__by_window.*,
        metrics.aggregation,
        metrics.aggregation in ('count', 'sum') as is_additive,
        metrics.is_higher_better,
        int_dispersions.dispersion,
        int_metrics__by_window.weighed_goal
        / nullif(int_metrics__by_window.denominator_with_goal, 0) as mean_goal
    from int_metrics__by_window
    inner join metrics
        on int_metrics__by_window.metric_id = metrics.metric_id
    left join int_dispersions
        on int_metrics__by_window.metric_id = int_dispersions.metric_id
),

-- what has no goal is in the total, but attainment and evidence leave it out: a team is not ahead
-- because people do what they have no goal for
measured as (
    select
        scope,
        scope_id,
        '' as role,
        metric_id,
        purpose,
        period_type,
        period_start,
        aggregation,
        is_higher_better,
        case
            when not is_additive then numerator_with_goal / nullif(denominator_with_goal, 0)
            when goal_period is not null then {{ settle('coalesce(numerator_with_goal, 0)') }}
        end as actual,
        case when is_additive then {{ settle('goal_to_date') }} else mean_goal end as goal_to_date,
        case when is_additive then {{ settle('goal_period') }} else mean_goal end as goal_period,
        numerator_with_goal as numerator,
        denominator_with_goal as denominator,
        sum_of_squares_with_goal as sum_of_squares,
        dispersion,
        false as is_suspect
    from joined
)

select * from measured
