with int_funnel_steps__summed as (
    select * from {{ ref('int_funnel_steps__summed') }}
),

int_funnel_reps__trusted as (
    select * from {{ ref('int_funnel_reps__trusted') }}
),

int_funnel_steps__named as (
    select * from {{ ref('int_funnel_steps__named') }}
),

int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

-- `base` is what a step is divided by: capacity for the first, the step before for the others
final as (
    select
        int_funnel_reps__trusted.rep_id,
        int_funnel_reps__trusted.rep_name,
        int_funnel_reps__trusted.team,
        int_funnel_reps__trusted.role,
        int_funnel_reps__trusted.tier,
        int_funnel_reps__trusted.period_type,
        int_funnel_reps__trusted.period_id,
        int_funnel_reps__trusted.period_start,
        int_funnel_reps__trusted.period_end,
        int_funnel_reps__trusted.is_current,
        int_funnel_steps__summed.step,
        int_funnel_steps__named.last_step,
        int_funnel_steps__named.metric_id,
        int_funnel_steps__named.previous_metric_id,
        int_funnel_steps__named.step_name,
        int_funnel_steps__named.aggregation,
        int_funnel_steps__named.unit,
        coalesce(
            int_scorecard_metrics__resolved.metric_kind, int_funnel_steps__named.metric_kind
        ) as metric_kind,
        int_funnel_steps__named.rate_metric_id,
        int_funnel_steps__named.rate_name,
        int_funnel_steps__named.rate_kind,
        int_funnel_steps__summed.actual,
        int_rep_goals__resolved.goal as rate_goal,
        coalesce(
            lag(int_funnel_steps__summed.actual) over (
                partition by
                    int_funnel_steps__summed.rep_id,
                    int_funnel_steps__summed.period_type,
                    int_funnel_steps__summed.period_start
                order by int_funnel_steps__summed.step asc nulls last
            ), int_funnel_reps__trusted.capacity_days
        ) as base
    from int_funnel_steps__summed
    inner join int_funnel_reps__trusted
        on
            int_funnel_steps__summed.rep_id = int_funnel_reps__trusted.rep_id
            and int_funnel_steps__summed.period_type = int_funnel_reps__trusted.period_type
            and int_funnel_steps__summed.period_start = int_funnel_reps__trusted.period_start
    inner join int_funnel_steps__named
        on
            int_funnel_reps__trusted.role = int_funnel_steps__named.role
            and int_funnel_steps__summed.step = int_funnel_steps__named.step
    -- stretches of a rep's goal do not overlap: a day has one goal
    left join int_rep_goals__resolved
        on
            int_funnel_reps__trusted.rep_version_id = int_rep_goals__resolved.rep_version_id
            and int_funnel_steps__named.rate_metric_id = int_rep_goals__resolved.metric_id
            and int_funnel_reps__trusted.reference_date >= int_rep_goals__resolved.valid_from
            and int_funnel_reps__trusted.reference_date < int_rep_goals__resolved.valid_to
    left join int_scorecard_metrics__resolved
        on
            int_funnel_reps__trusted.role = int_scorecard_metrics__resolved.role
            and int_funnel_reps__trusted.tier = int_scorecard_metrics__resolved.tier
            and int_funnel_steps__named.metric_id = int_scorecard_metrics__resolved.metric_id
)

select * from final
