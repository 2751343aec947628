with int_scores__projected as (
    select * from {{ ref('int_scores__projected') }}
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        int_rep_periods.rep_id,
        int_rep_periods.rep_name,
        int_rep_periods.team,
        int_rep_periods.region,
        int_rep_periods.role,
        int_rep_periods.tier,
        int_rep_periods.manager_id,
        int_scores__projected.metric_id,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation,
        metrics.is_higher_better,
        int_scorecard_metrics__resolved.metric_kind,
        int_scorecard_metrics__resolved.weight,
        int_scorecard_metrics__resolved.sort_order,
        int_rep_periods.period_type,
        int_rep_periods.period_id,
        int_rep_periods.period_start,
        int_rep_periods.period_end,
        int_rep_periods.is_current,
        int_scores__projected.actual,
        int_scores__projected.goal_to_date,
        int_scores__projected.goal_period,
        int_scores__projected.judged_actual,
        int_scores__projected.judged_goal,
        int_scores__projected.judged_days,
        int_scores__projected.working_days,
        int_scores__projected.attainment,
        int_scores__projected.numerator,
        int_scores__projected.denominator,
        int_scores__projected.dispersion,
        int_scores__projected.level,
        int_scores__projected.evidence,
        int_scores__projected.z_score,
        int_scores__projected.status,
        int_scores__projected.projection,
        int_scores__projected.projection_low,
        int_scores__projected.projection_high,
        int_scores__projected.goal_probability,
        case
            when
                int_scores__projected.is_additive
                and int_rep_periods.is_current
                and int_rep_periods.capacity_days_remaining > 0
                then
                    {{ higher_of(
                        'int_scores__projected.goal_period - int_scores__projected.actual', '0'
                    ) }}
                    / int_rep_periods.capacity_days_remaining
        end as needed_per_day,
        int_rep_periods.capacity_days,
        int_rep_periods.capacity_days_remaining,
        int_rep_periods.coverage_ratio,
        int_rep_periods.team_coverage_ratio
    from int_scores__projected
    inner join int_rep_periods
        on
            int_scores__projected.scope_id = int_rep_periods.rep_id
            and int_scores__projected.period_type = int_rep_periods.period_type
            and int_scores__projected.period_start = int_rep_periods.period_start
    inner join int_scorecard_metrics__resolved
        on
            int_rep_periods.role = int_scorecard_metrics__resolved.role
            and int_rep_periods.tier = int_scorecard_metrics__resolved.tier
            and int_scores__projected.metric_id = int_scorecard_metrics__resolved.metric_id
    inner join metrics
        on int_scores__projected.metric_id = metrics.metric_id
)

select * from final
