-- the periods a reader can choose: those that contain the as-of date, last week and last month
select
    as_of_date,
    rep_id,
    rep_name,
    team,
    region,
    role,
    tier,
    manager_id,
    manager_name,
    case when is_current then period_type else 'previous_' || period_type end as period_key,
    period_id,
    period_start,
    period_end,
    score,
    leading_score,
    lagging_score,
    score_level,
    rank_in_role,
    reps_in_role,
    metrics_total,
    metrics_outstanding,
    metrics_ahead,
    metrics_on_track,
    metrics_watch,
    metrics_needing_intervention,
    metrics_too_little_data,
    metrics_no_goal,
    metrics_data_suspect,
    capacity_days,
    status
from scorecard_reps
where
    is_current
    or (period_type = 'week' and period_end >= as_of_date - 7 and period_end < as_of_date)
    or (period_type = 'month' and period_end = date_trunc('month', as_of_date) - interval 1 day)
