with int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

steps as (
    select
        role,
        step,
        last_step,
        metric_id,
        previous_metric_id,
        metric_name || case when channel_count > 1 then ' and other channels' else '' end
            as step_name,
        metric_kind,
        aggregation,
        unit,
        event_type
    from int_funnel_metrics__placed
    where metric_id = step_metric_id
),

-- the catalogue may have a metric for what happens between two steps: a rate, a mean amount
rates as (
    select
        steps.role,
        steps.step,
        metrics.metric_id as rate_metric_id,
        metrics.metric_name as rate_name,
        metrics.metric_kind as rate_kind,
        row_number() over (
            partition by steps.role, steps.step
            order by metrics.sort_order asc nulls last, metrics.metric_id asc nulls last
        ) as preference
    from steps
    inner join metrics
        on
            (
                steps.metric_id = metrics.numerator_metric_id
                and steps.previous_metric_id = metrics.denominator_metric_id
            )
            or (
                metrics.aggregation = 'mean'
                and steps.aggregation = 'sum'
                and steps.unit = metrics.unit
                and steps.event_type = metrics.event_type
            )
),

final as (
    select
        steps.role,
        steps.step,
        steps.last_step,
        steps.metric_id,
        steps.previous_metric_id,
        steps.step_name,
        steps.metric_kind,
        steps.aggregation,
        steps.unit,
        rates.rate_metric_id,
        rates.rate_name,
        rates.rate_kind
    from steps
    left join rates
        on
            steps.role = rates.role
            and steps.step = rates.step
            and rates.preference = 1
)

select * from final
