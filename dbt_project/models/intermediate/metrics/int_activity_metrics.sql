-- metrics based on logged activities: they are wrong where activities are not captured
with metrics as (
    select * from {{ ref('metrics') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

direct as (
    select distinct metrics.metric_id
    from metrics
    inner join event_rules
        on
            metrics.event_type = event_rules.event_type
            and event_rules.source_table = 'activities'
),

final as (
    select metric_id from direct
    union
    select metrics.metric_id
    from metrics
    inner join direct
        on
            metrics.numerator_metric_id = direct.metric_id
            or metrics.denominator_metric_id = direct.metric_id
)

select * from final
