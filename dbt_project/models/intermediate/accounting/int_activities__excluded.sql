with sourced_activities as (
    {{ source_records('activities', with_source=true) }}
),

int_activity_matches as (
    select * from {{ ref('int_activity_matches') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

matches as (
    select
        activity_type,
        direction,
        outcome,
        min(least_seconds) as least_seconds
    from int_activity_matches
    group by 1, 2, 3
),

-- a day is at most one day from that of UTC
records as (
    select
        sourced_activities.record_source as source,
        sourced_activities.activity_id as record_id,
        coalesce(sourced_activities.rep_id, 'unassigned') as rep_id,
        lower(sourced_activities.activity_type) as activity_type,
        coalesce(lower(sourced_activities.direction), '') as direction,
        coalesce(lower(sourced_activities.outcome), '') as outcome,
        coalesce(sourced_activities.duration_seconds, 0) as seconds,
        sourced_activities.is_deleted,
        sourced_activities.occurred_at,
        sourced_activities.occurred_day
    from sourced_activities
),

judged as (
    select
        records.*,
        case
            when records.is_deleted then 'deleted'
            when records.occurred_at is null then 'no_day'
            when matches.least_seconds is null or records.seconds < matches.least_seconds
                then 'no_event_rule'
        end as reason
    from records
    left join matches
        on
            records.activity_type = matches.activity_type
            and records.direction = matches.direction
            and records.outcome = matches.outcome
),

late as (
    select
        judged.*,
        {{ local_date('judged.occurred_at', 'int_rep_offsets', 'judged.occurred_day') }}
            as date_day
    from judged
    left join int_rep_offsets
        on
            judged.rep_id = int_rep_offsets.rep_id
            and judged.occurred_at >= int_rep_offsets.effective_from
            and judged.occurred_at < int_rep_offsets.effective_to
    where
        judged.reason is null
        and judged.occurred_at >= {{ add_days(as_of_date(), -1) }}
),

final as (
    select
        source,
        record_id,
        rep_id,
        cast(null as {{ type_text() }}) as event_type,
        reason
    from judged
    where reason is not null
    union all
    select
        source,
        record_id,
        rep_id,
        cast(null as {{ type_text() }}) as event_type,
        'future_date' as reason
    from late
    where date_day > {{ as_of_date() }}
    union all
    select
        late.source,
        late.record_id,
        late.rep_id,
        int_activity_matches.event_type,
        'future_date' as reason
    from late
    inner join int_activity_matches
        on
            late.activity_type = int_activity_matches.activity_type
            and late.direction = int_activity_matches.direction
            and late.outcome = int_activity_matches.outcome
            and late.seconds >= int_activity_matches.least_seconds
    where late.date_day > {{ as_of_date() }}
)

select * from final
