-- the periods a reader can choose: those that contain the as-of date, and the last closed one of
-- some types
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
    judged_actual,
    judged_goal,
    judged_days,
    working_days,
    attainment,
    level,
    evidence,
    z_score,
    status,
    unassigned_actual
from scorecard_teams
where
    is_current
    or (period_type, period_end + 1) in (
        select period_type, period_start
        from scorecard_teams
        where
            is_current
            and period_type in (select period_type from dim_period_types where is_previous_shown)
    )
