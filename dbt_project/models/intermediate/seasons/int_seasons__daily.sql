with int_seasonal_scopes__chosen as (
    select * from {{ ref('int_seasonal_scopes__chosen') }}
),

int_seasonal_indices as (
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
        scopes.metric_id,
        scopes.role,
        scopes.region,
        int_dates.date_day,
        coalesce(int_seasonal_indices.seasonal_index, 1)
        * coalesce(int_manual_seasons__daily.factor, 1) as season
    from int_seasonal_scopes__chosen as scopes
    inner join goal_metrics
        on scopes.metric_id = goal_metrics.metric_id
    cross join int_dates
    left join int_seasonal_indices
        on
            scopes.metric_id = int_seasonal_indices.metric_id
            and scopes.index_scope = int_seasonal_indices.index_scope
            and scopes.index_role = int_seasonal_indices.role
            and scopes.index_region = int_seasonal_indices.region
            and int_dates.slot_id = int_seasonal_indices.slot_id
    left join int_manual_seasons__daily
        on
            scopes.metric_id = int_manual_seasons__daily.metric_id
            and scopes.role = int_manual_seasons__daily.role
            and scopes.region = int_manual_seasons__daily.region
            and int_dates.date_day = int_manual_seasons__daily.date_day
)

select * from days
