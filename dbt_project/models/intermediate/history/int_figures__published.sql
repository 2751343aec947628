with scorecard_history as (
    select * from {{ source('raw_published', 'scorecard_history') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

published as (
    select
        scorecard_history.*,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation in ('count', 'sum') as is_additive,
        {{ add_days('scorecard_history.period_start', -1) }} as day_before
    from scorecard_history
    inner join metrics
        on scorecard_history.metric_id = metrics.metric_id
)

select * from published
