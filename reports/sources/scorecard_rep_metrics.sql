-- the periods a reader can choose: those that contain the as-of date, and the last closed one of
-- some types
select
    as_of_date,
    rep_id,
    rep_name,
    team,
    region,
    role,
    tier,
    metric_id,
    metric_name,
    unit,
    aggregation,
    is_higher_better,
    metric_kind,
    weight,
    sort_order,
    case when is_current then period_type else 'previous_' || period_type end as period_key,
    period_id,
    period_start,
    period_end,
    actual,
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
    projection,
    projection_low,
    projection_high,
    goal_probability,
    needed_per_day,
    capacity_days_remaining,
    coverage_ratio,
    team_coverage_ratio
from scorecard_rep_metrics
where
    is_current
    or (period_type, period_end + 1) in (
        select period_type, period_start
        from scorecard_rep_metrics
        where
            is_current
            and period_type in (select period_type from dim_period_types where is_previous_shown)
    )
