with int_other_events as (
    select * from {{ ref('int_other_events') }}
),

events as (
    select
        rep_id,
        date_day,
        source_table,
        event_type,
        sum(credit) as event_count
    from int_other_events
    group by 1, 2, 3, 4
)

select * from events
