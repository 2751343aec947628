with metrics as (
    select * from {{ ref('metrics') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

-- the events that a metric is based on, itself or through the two metrics of a ratio
metric_parts as (
    select
        metric_id,
        event_type
    from metrics
    where event_type is not null
    union
    select
        metrics.metric_id,
        parts.event_type
    from metrics
    inner join metrics as parts
        on
            metrics.numerator_metric_id = parts.metric_id
            or metrics.denominator_metric_id = parts.metric_id
),

metric_rules as (
    select
        metric_parts.metric_id,
        event_rules.source_table,
        lower(event_rules.activity_type) as activity_type,
        lower(event_rules.direction) as direction,
        lower(event_rules.outcome) as outcome,
        coalesce(event_rules.min_duration_seconds, 0) as min_duration_seconds
    from metric_parts
    inner join event_rules
        on metric_parts.event_type = event_rules.event_type
)

select * from metric_rules
