-- partitioned by rep_id: a page explains the goal of one rep
-- the fiscal year to date and the rest of the current month: what "explain this goal" shows
select
    rep_id,
    metric_id,
    date_day,
    goal_id,
    goal,
    full_goal,
    working,
    season,
    employed,
    fte,
    ramp,
    leave,
    daily_goal,
    month_start_date
from fct_goals_daily
where
    date_day >= (
        select dim_dates.year_start_date
        from dim_dates
        where dim_dates.date_day = (select max(scorecard_reps.as_of_date) from scorecard_reps)
    )
    and date_day <= (
        select dim_dates.month_end_date
        from dim_dates
        where dim_dates.date_day = (select max(scorecard_reps.as_of_date) from scorecard_reps)
    )
order by rep_id, date_day, metric_id
