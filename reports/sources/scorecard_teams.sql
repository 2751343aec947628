-- the periods a reader can choose: those that contain the as-of date, last week and last month
select
    as_of_date,
    team_scope,
    team,
    metric_id,
    metric_name,
    unit,
    aggregation,
    is_higher_better,
    sort_order,
    case when is_current then period_type else 'previous_' || period_type end as period_key,
    period_id,
    period_start,
    period_end,
    rep_count,
    actual,
    actual_with_goal,
    goal_to_date,
    goal_period,
    attainment,
    level,
    evidence,
    z_score,
    status,
    unassigned_actual
from scorecard_teams
where
    is_current
    or (period_type = 'week' and period_end >= as_of_date - 7 and period_end < as_of_date)
    or (period_type = 'month' and period_end = date_trunc('month', as_of_date) - interval 1 day)
