-- what: which event rule takes which kind of records

select policy_event_rules.line, record_kinds.kind_id
from policy_event_rules
inner join record_kinds
    on
        policy_event_rules.source_table = record_kinds.source_table
        and (
            policy_event_rules.activity_type is null
            or lower(policy_event_rules.activity_type) = record_kinds.record_type
        )
        and (
            policy_event_rules.direction is null
            or lower(policy_event_rules.direction) = record_kinds.direction
        )
        and (
            policy_event_rules.outcome is null
            or lower(policy_event_rules.outcome) = record_kinds.outcome
        )
        and (
            policy_event_rules.min_duration_seconds is null
            or try_cast(policy_event_rules.min_duration_seconds as double) <= record_kinds.seconds
        )
