with scorecard_metrics as (
    select * from {{ ref('scorecard_metrics') }}
),

funnels as (
    select * from {{ ref('funnels') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- the lagging metric that weighs most on a role's scorecard, among those that add up
ranked_results as (
    select
        scorecard_metrics.role,
        scorecard_metrics.metric_id,
        row_number() over (
            partition by scorecard_metrics.role
            order by
                scorecard_metrics.weight desc nulls last,
                scorecard_metrics.sort_order asc nulls last,
                scorecard_metrics.metric_id asc nulls last
        ) as place
    from scorecard_metrics
    inner join metrics
        on scorecard_metrics.metric_id = metrics.metric_id
    where scorecard_metrics.metric_kind = 'lagging' and metrics.aggregation in ('count', 'sum')
),

-- several metrics of one step of a funnel add up, and each of them is asked
pairs as (
    select
        scorecard_metrics.role,
        scorecard_metrics.metric_id as leading_metric_id,
        ranked_results.metric_id as lagging_metric_id
    from scorecard_metrics
    inner join ranked_results
        on
            scorecard_metrics.role = ranked_results.role
            and ranked_results.place = 1
    where scorecard_metrics.metric_kind = 'leading'
    union
    select
        earlier_steps.role,
        earlier_steps.metric_id as leading_metric_id,
        later_steps.metric_id as lagging_metric_id
    from funnels as earlier_steps
    inner join funnels as later_steps
        on
            earlier_steps.role = later_steps.role
            and earlier_steps.step + 1 = later_steps.step
)

select * from pairs
