with funnels as (
    select * from {{ ref('funnels') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- the metrics of a first step are channels that add up; each later step has one metric
steps as (
    select
        role,
        step,
        min(metric_id) as step_metric_id,
        count(*) as channel_count,
        max(step) over (partition by role) as last_step
    from funnels
    group by role, step
),

linked_steps as (
    select
        steps.*,
        lag(step_metric_id) over (
            partition by role order by step asc nulls last
        ) as previous_metric_id
    from steps
),

final as (
    select
        funnels.role,
        funnels.step,
        linked_steps.last_step,
        funnels.metric_id,
        linked_steps.step_metric_id,
        linked_steps.previous_metric_id,
        linked_steps.channel_count,
        metrics.metric_name,
        metrics.metric_kind,
        metrics.aggregation,
        metrics.unit,
        metrics.event_type
    from funnels
    inner join linked_steps
        on
            funnels.role = linked_steps.role
            and funnels.step = linked_steps.step
    inner join metrics
        on funnels.metric_id = metrics.metric_id
)

select * from final
