with int_activities__counted_daily as (
    select * from {{ ref('int_activities__counted_daily') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

-- the combinations are few: match them with the rules once, then join the days by equality
combinations as (
    select distinct
        activity_type,
        direction,
        outcome,
        min_duration_seconds
    from int_activities__counted_daily
),

-- distinct, because two rules of one event must not count a record twice
matched as (
    select distinct
        combinations.activity_type,
        combinations.direction,
        combinations.outcome,
        combinations.min_duration_seconds,
        event_rules.event_type
    from combinations
    inner join event_rules
        on
            event_rules.source_table = 'activities'
            and coalesce(lower(event_rules.activity_type), combinations.activity_type)
            = combinations.activity_type
            and coalesce(lower(event_rules.direction), combinations.direction)
            = combinations.direction
            and coalesce(lower(event_rules.outcome), combinations.outcome)
            = combinations.outcome
            and coalesce(event_rules.min_duration_seconds, 0) <= combinations.min_duration_seconds
),

events as (
    select
        int_activities__counted_daily.rep_id,
        int_activities__counted_daily.date_day,
        matched.event_type,
        sum(int_activities__counted_daily.activity_count) as event_count,
        sum(int_activities__counted_daily.timed_count) as timed_count,
        sum(int_activities__counted_daily.duration_seconds) as duration,
        sum(int_activities__counted_daily.duration_squared) as duration_squared
    from int_activities__counted_daily
    inner join matched
        on
            int_activities__counted_daily.activity_type = matched.activity_type
            and int_activities__counted_daily.direction = matched.direction
            and int_activities__counted_daily.outcome = matched.outcome
            and int_activities__counted_daily.min_duration_seconds = matched.min_duration_seconds
    group by 1, 2, 3
)

select * from events
