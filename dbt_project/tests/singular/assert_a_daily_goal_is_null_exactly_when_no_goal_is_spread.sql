with fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
),

dim_metrics as (
    select * from {{ ref('dim_metrics') }}
)

select
    fct_goals_daily.rep_id,
    fct_goals_daily.metric_id,
    fct_goals_daily.date_day
from fct_goals_daily
inner join dim_metrics
    on fct_goals_daily.metric_id = dim_metrics.metric_id
where
    (fct_goals_daily.daily_goal is null)
    <> (fct_goals_daily.goal_id is null or dim_metrics.aggregation not in ('count', 'sum'))
