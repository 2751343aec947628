with int_seasonal_indices as (
    select * from {{ ref('int_seasonal_indices') }}
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
        int_seasonal_indices.metric_id,
        int_seasonal_indices.role,
        int_seasonal_indices.region,
        int_dates.date_day,
        int_seasonal_indices.seasonal_index * coalesce(int_manual_seasons__daily.factor, 1)
            as season
    from int_seasonal_indices
    inner join goal_metrics
        on int_seasonal_indices.metric_id = goal_metrics.metric_id
    inner join int_dates
        on int_seasonal_indices.slot_id = int_dates.slot_id
    left join int_manual_seasons__daily
        on
            int_seasonal_indices.metric_id = int_manual_seasons__daily.metric_id
            and int_seasonal_indices.role = int_manual_seasons__daily.role
            and int_seasonal_indices.region = int_manual_seasons__daily.region
            and int_dates.date_day = int_manual_seasons__daily.date_day
)

select * from days
