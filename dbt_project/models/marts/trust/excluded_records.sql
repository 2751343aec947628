{%- set remedies = {
    "deleted": "Nothing to do: the source deleted it, or delivers it no longer.",
    "no_event_rule": "Nothing to do if it should not count; else add a rule to event_rules.csv.",
    "no_day": "Enter in the source when it happened.",
    "no_close_date": "Enter the close date of the deal in the source.",
    "future_date": "It counts from its day on; correct the date if it already happened.",
    "unknown_deal": "Deliver the deal of this stage change, or ignore it if the deal was deleted.",
    "no_amount": "Enter the amount of the deal; until then sums and means leave it out.",
    "closed_before_created": "Correct the dates of the deal; until then it has no cycle.",
    "no_created_date": "Enter when the deal was created; until then it has no cycle.",
} -%}

with int_activities__excluded as (
    select * from {{ ref('int_activities__excluded') }}
),

int_occurrences__matched as (
    select * from {{ ref('int_occurrences__matched') }}
),

-- a record counts nowhere if none of what happened to it counts; the nearest reason is given
uncounted as (
    select
        source,
        source_table,
        record_id,
        max(rep_id) as rep_id,
        case
            when max(case when reason = 'deleted' then 1 else 0 end) = 1 then 'deleted'
            when max(case when reason = 'unknown_deal' then 1 else 0 end) = 1 then 'unknown_deal'
            else coalesce(
                min(case when reason <> 'no_event_rule' then reason end), 'no_event_rule'
            )
        end as reason
    from int_occurrences__matched
    group by 1, 2, 3
    having count(*) = count(reason)
),

unioned as (
    select
        source,
        'activities' as source_table,
        event_type,
        record_id,
        rep_id,
        reason,
        false as is_counted
    from int_activities__excluded
    union all
    select
        source,
        source_table,
        cast(null as {{ type_text() }}) as event_type,
        record_id,
        rep_id,
        reason,
        false as is_counted
    from uncounted
    union all
    select
        source,
        source_table,
        event_type,
        record_id,
        rep_id,
        reason,
        false as is_counted
    from int_occurrences__matched
    where reason in ('no_close_date', 'no_day', 'future_date')
    {% for reason, condition in {
        "no_amount": "lacks_amount",
        "closed_before_created": "lacks_cycle and created_date is not null",
        "no_created_date": "lacks_cycle and created_date is null",
    }.items() %}
    union all
    select
        source,
        source_table,
        event_type,
        record_id,
        rep_id,
        '{{ reason }}' as reason,
        true as is_counted
    from int_occurrences__matched
    where reason is null and {{ condition }}
    {% endfor %}
),

final as (
    select
        source,
        source_table,
        event_type,
        record_id,
        rep_id,
        reason,
        is_counted,
        case reason
            {% for reason, remedy in remedies.items() %}
            when '{{ reason }}' then '{{ remedy }}'
            {% endfor %}
        end as remedy
    from unioned
)

select * from final
