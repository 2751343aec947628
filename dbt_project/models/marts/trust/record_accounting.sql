with sourced_activities as (
    {{ source_records('activities') }}
),

int_activity_matches as (
    select * from {{ ref('int_activity_matches') }}
),

int_activities__counted_daily as (
    select * from {{ ref('int_activities__counted_daily') }}
    where date_day <= {{ as_of_date() }}
),

int_activity_events__daily as (
    select * from {{ ref('int_activity_events__daily') }}
),

int_occurrences__matched as (
    select * from {{ ref('int_occurrences__matched') }}
),

counted_events as (
    select
        'activities' as source_table,
        event_type,
        date_day,
        event_count
    from int_activity_events__daily
    union all
    select
        'opportunities' as source_table,
        event_type,
        date_day,
        event_count
    from {{ ref('int_opportunity_events__daily') }}
    union all
    select
        source_table,
        event_type,
        date_day,
        event_count
    from {{ ref('int_other_events__daily') }}
),

least as (
    select
        activity_type,
        direction,
        outcome,
        min(least_seconds) as least_seconds
    from int_activity_matches
    group by 1, 2, 3
),

-- what was received is counted from the records, what was counted from the daily events: a record
-- that got lost between the two makes a difference
raw as (
    select
        'activities' as source_table,
        cast(null as {{ type_text() }}) as event_type,
        count(*) as raw_count
    from sourced_activities
    having count(*) > 0
    union all
    select
        'activities' as source_table,
        int_activity_matches.event_type,
        count(*) as raw_count
    from sourced_activities
    inner join int_activity_matches
        on
            lower(sourced_activities.activity_type) = int_activity_matches.activity_type
            and coalesce(lower(sourced_activities.direction), '') = int_activity_matches.direction
            and coalesce(lower(sourced_activities.outcome), '') = int_activity_matches.outcome
            and coalesce(sourced_activities.duration_seconds, 0)
            >= int_activity_matches.least_seconds
    where not sourced_activities.is_deleted
    group by int_activity_matches.event_type
    union all
    select
        source_table,
        cast(null as {{ type_text() }}) as event_type,
        count(distinct source || ' ' || record_id) as raw_count
    from int_occurrences__matched
    group by source_table
    union all
    select
        source_table,
        event_type,
        count(distinct source || ' ' || record_id) as raw_count
    from int_occurrences__matched
    where event_type is not null and not is_deleted and not is_orphan
    group by source_table, event_type
),

counted as (
    select
        source_table,
        event_type,
        cast(floor(cast(sum(event_count) as {{ type_double() }}) + 0.5e0) as bigint)
            as counted_count
    from counted_events
    where date_day <= {{ as_of_date() }}
    group by 1, 2
    union all
    select
        'activities' as source_table,
        cast(null as {{ type_text() }}) as event_type,
        cast(coalesce(sum(int_activities__counted_daily.activity_count), 0) as bigint)
            as counted_count
    from int_activities__counted_daily
    inner join least
        on
            int_activities__counted_daily.activity_type = least.activity_type
            and int_activities__counted_daily.direction = least.direction
            and int_activities__counted_daily.outcome = least.outcome
            and int_activities__counted_daily.min_duration_seconds >= least.least_seconds
    union all
    select
        source_table,
        cast(null as {{ type_text() }}) as event_type,
        count(distinct source || ' ' || record_id) as counted_count
    from int_occurrences__matched
    where reason is null
    group by source_table
),

excluded as (
    select
        source_table,
        event_type,
        count(*) as excluded_count
    from {{ ref('excluded_records') }}
    where not is_counted
    group by 1, 2
),

final as (
    select
        raw.source_table,
        raw.event_type,
        raw.raw_count,
        coalesce(counted.counted_count, 0) as counted_count,
        coalesce(excluded.excluded_count, 0) as excluded_count
    from raw
    left join counted
        on
            raw.source_table = counted.source_table
            and coalesce(raw.event_type, '') = coalesce(counted.event_type, '')
    left join excluded
        on
            raw.source_table = excluded.source_table
            and coalesce(raw.event_type, '') = coalesce(excluded.event_type, '')
)

select * from final
