{{ config(materialized='view') }}

with int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

-- a rep's team, role and region are those of the day of the event
placed as (
    select
        int_metrics__daily.rep_id,
        int_metrics__daily.metric_id,
        int_metrics__daily.date_day,
        int_rep_days.team,
        coalesce(int_rep_days.region, '') as region,
        coalesce(int_rep_days.role, '') as role,
        coalesce(int_rep_days.capacity, 0) as capacity,
        int_metrics__daily.value,
        int_metrics__daily.numerator,
        int_metrics__daily.denominator,
        int_metrics__daily.sum_of_squares,
        int_metrics__daily.event_count
    from int_metrics__daily
    left join int_rep_days
        on
            int_metrics__daily.rep_id = int_rep_days.rep_id
            and int_metrics__daily.date_day = int_rep_days.date_day
)

select * from placed
