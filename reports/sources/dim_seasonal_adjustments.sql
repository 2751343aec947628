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
    season
from dim_seasonal_adjustments
