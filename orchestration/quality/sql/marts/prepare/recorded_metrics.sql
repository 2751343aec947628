-- what: the metrics that have records in the source

select metrics.metric_id, metrics.metric_kind
from config.metrics
inner join config.event_rules
    on metrics.event_type = event_rules.event_type
where
    (
        event_rules.source_table = 'activities'
        and exists (select 1 from counted_activities)
    )
    or (
        event_rules.source_table = 'opportunities'
        and exists (
            select 1 from counted_deals
            where counted_deals.outcome = lower(event_rules.outcome)
        )
    )
