-- redistribute: the daily goals of a whole period sum to the goal, whatever the seasons; only
-- periods with one goal and one place of the rep throughout are the goal's own
with fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
),

int_goals__unioned as (
    select * from {{ ref('int_goals__unioned') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

days as (
    select
        fct_goals_daily.rep_id,
        fct_goals_daily.metric_id,
        fct_goals_daily.goal_id,
        fct_goals_daily.goal,
        fct_goals_daily.full_goal,
        case int_goals__unioned.period
            when 'week' then int_dates.week_start_date
            when 'month' then int_dates.month_start_date
            when 'quarter' then int_dates.quarter_start_date
            when 'year' then int_dates.year_start_date
        end as period_start,
        case int_goals__unioned.period
            when 'week' then int_dates.week_end_date
            when 'month' then int_dates.month_end_date
            when 'quarter' then int_dates.quarter_end_date
            when 'year' then int_dates.year_end_date
        end as period_end
    from fct_goals_daily
    inner join int_goals__unioned
        on
            fct_goals_daily.goal_id = int_goals__unioned.goal_id
            and int_goals__unioned.timing = 'redistribute'
            and int_goals__unioned.period <> 'day'
    inner join int_dates
        on fct_goals_daily.date_day = int_dates.date_day
    where fct_goals_daily.full_goal is not null
)

select
    rep_id,
    metric_id,
    goal_id,
    period_start,
    goal,
    sum(full_goal) as full_goal
from days
group by 1, 2, 3, 4, 5
having
    count(*) = {{ dbt.datediff('min(period_start)', 'max(period_end)', 'day') }} + 1
    and sum(full_goal) > 0
    and abs(sum(full_goal) - goal) > 1e-6 * {{ higher_of('goal', '1') }}
