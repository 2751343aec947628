with int_occurrences as (
    select * from {{ ref('int_occurrences') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
    where source_table <> 'activities'
),

metrics as (
    select * from {{ ref('metrics') }}
),

measured_events as (
    select
        event_type,
        max(case when unit = 'days' then 1 else 0 end) as has_cycle,
        max(case when unit = 'money' then 1 else 0 end) as has_money
    from metrics
    where aggregation in ('sum', 'mean')
    group by 1
),

-- distinct, because two rules of one event must not count a record twice
matched as (
    select distinct
        int_occurrences.source,
        int_occurrences.source_table,
        int_occurrences.record_id,
        int_occurrences.rep_id,
        int_occurrences.outcome,
        event_rules.event_type,
        int_occurrences.is_deleted,
        int_occurrences.is_orphan,
        int_occurrences.has_amount,
        int_occurrences.created_date,
        int_occurrences.date_day
    from int_occurrences
    left join event_rules
        on
            int_occurrences.source_table = event_rules.source_table
            and int_occurrences.outcome
            = coalesce(lower(event_rules.outcome), int_occurrences.outcome)
            and coalesce(
                lower(event_rules.activity_type), int_occurrences.opportunity_type, ''
            ) = coalesce(int_occurrences.opportunity_type, '')
),

final as (
    select
        matched.*,
        case
            when matched.is_deleted then 'deleted'
            when matched.is_orphan then 'unknown_deal'
            when matched.event_type is null then 'no_event_rule'
            when matched.date_day is null and matched.outcome in ('won', 'lost', 'closed')
                then 'no_close_date'
            when matched.date_day is null then 'no_day'
            when matched.date_day > {{ as_of_date() }} then 'future_date'
        end as reason,
        coalesce(measured_events.has_money = 1, false) and not matched.has_amount as lacks_amount,
        coalesce(measured_events.has_cycle = 1, false)
        and coalesce(matched.created_date > matched.date_day, true) as lacks_cycle
    from matched
    left join measured_events
        on matched.event_type = measured_events.event_type
)

select * from final
