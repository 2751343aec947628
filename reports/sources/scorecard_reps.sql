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
    metrics_not_captured,
    capacity_days,
    status
from scorecard_reps
where
    is_current
    or (period_type, period_end + 1) in (
        select period_type, period_start
        from scorecard_reps
        where
            is_current
            and period_type in (select period_type from dim_period_types where is_previous_shown)
    )
