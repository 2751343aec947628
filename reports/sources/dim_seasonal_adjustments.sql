select
    metric_id,
    role,
    region,
    slot_id,
    month,
    half,
    index_scope,
    event_count,
    years,
    raw_index,
    shrink_weight,
    seasonal_index,
    manual_factor,
    manual_reason,
    season,
    exists (
        select 1
        from scorecard_rep_metrics
        where
            scorecard_rep_metrics.is_current
            and scorecard_rep_metrics.metric_id = dim_seasonal_adjustments.metric_id
            and scorecard_rep_metrics.role = dim_seasonal_adjustments.role
    ) as is_on_scorecard
from dim_seasonal_adjustments
