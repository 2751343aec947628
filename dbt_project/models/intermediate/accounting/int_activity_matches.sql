with int_crm__activities as (
    select * from {{ ref('int_crm__activities') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
    where source_table = 'activities'
),

-- the combinations are few: match them with the rules once, then join the records by equality
combinations as (
    select distinct
        activity_type,
        direction,
        outcome
    from int_crm__activities
),

-- a record matches an event from the shortest duration on that any of its rules asks for
final as (
    select
        combinations.activity_type,
        combinations.direction,
        combinations.outcome,
        event_rules.event_type,
        min(coalesce(event_rules.min_duration_seconds, 0)) as least_seconds
    from combinations
    inner join event_rules
        on
            coalesce(lower(event_rules.activity_type), combinations.activity_type)
            = combinations.activity_type
            and coalesce(lower(event_rules.direction), combinations.direction)
            = combinations.direction
            and coalesce(lower(event_rules.outcome), combinations.outcome) = combinations.outcome
    group by 1, 2, 3, 4
)

select * from final
