-- the current week and the 12 before it
select
    team_scope,
    team,
    metric_id,
    period_start,
    period_end,
    actual,
    actual_with_goal,
    goal_to_date,
    attainment
from scorecard_teams
where
    period_type = 'week'
    and period_start <= as_of_date
    and period_end >= as_of_date - 84
