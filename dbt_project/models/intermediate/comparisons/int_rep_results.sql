with int_rep_scores__measured as (
    select * from {{ ref('int_rep_scores__measured') }}
    where purpose = 'period'
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
        int_rep_periods.rep_id,
        int_rep_periods.rep_name,
        int_rep_periods.team,
        int_rep_periods.role,
        int_rep_periods.tier,
        int_rep_periods.period_type,
        int_rep_periods.period_id,
        int_rep_periods.period_start,
        int_rep_periods.period_end,
        int_rep_periods.is_current,
        int_rep_scores__measured.metric_id,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation,
        metrics.is_higher_better,
        int_scorecard_metrics__resolved.metric_kind,
        int_scorecard_metrics__resolved.sort_order,
        metrics.aggregation in ('count', 'sum') as is_additive,
        int_rep_scores__measured.actual,
        int_rep_scores__measured.goal_to_date,
        int_rep_scores__measured.judged_actual,
        int_rep_scores__measured.judged_goal,
        int_rep_scores__measured.numerator,
        int_rep_scores__measured.denominator,
        int_rep_periods.capacity_days,
        {{ settle(
            'int_rep_periods.capacity_days'
            ~ ' - coalesce(int_rep_scores__measured.unjudged_capacity, 0)'
        ) }} as judged_capacity_days
    from int_rep_scores__measured
    inner join int_rep_periods
        on
            int_rep_scores__measured.scope_id = int_rep_periods.rep_id
            and int_rep_scores__measured.period_type = int_rep_periods.period_type
            and int_rep_scores__measured.period_start = int_rep_periods.period_start
    inner join int_scorecard_metrics__resolved
        on
            int_rep_periods.role = int_scorecard_metrics__resolved.role
            and int_rep_periods.tier = int_scorecard_metrics__resolved.tier
            and int_rep_scores__measured.metric_id = int_scorecard_metrics__resolved.metric_id
    inner join metrics
        on int_rep_scores__measured.metric_id = metrics.metric_id
)

select * from final
