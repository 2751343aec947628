with int_seasonal_indices__resolved as (
    select * from {{ ref('int_seasonal_indices__resolved') }}
),

int_manual_seasons__daily as (
    select * from {{ ref('int_manual_seasons__daily') }}
),

int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

goal_metrics as (
    select distinct metric_id from int_rep_goals__resolved
),

days as (
    select
        indices.metric_id,
        indices.role,
        indices.region,
        int_dates.date_day,
        indices.seasonal_index * coalesce(int_manual_seasons__daily.factor, 1) as season
    from int_seasonal_indices__resolved as indices
    inner join goal_metrics
        on indices.metric_id = goal_metrics.metric_id
    inner join int_dates
        on indices.slot_id = int_dates.slot_id
    left join int_manual_seasons__daily
        on
            indices.metric_id = int_manual_seasons__daily.metric_id
            and indices.role = int_manual_seasons__daily.role
            and indices.region = int_manual_seasons__daily.region
            and int_dates.date_day = int_manual_seasons__daily.date_day
)

select * from days
