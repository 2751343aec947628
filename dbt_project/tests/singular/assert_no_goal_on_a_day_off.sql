with fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
)

select
    rep_id,
    metric_id,
    date_day,
    daily_goal
from fct_goals_daily
where working = 0 and full_goal <> 0
