-- the periods a reader can choose: those that contain the as-of date, last week and last month
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
    or (period_type = 'week' and period_end >= as_of_date - 7 and period_end < as_of_date)
    or (period_type = 'month' and period_end = date_trunc('month', as_of_date) - interval 1 day)
