select
    metric_id,
    metric_name,
    metric_kind,
    unit,
    aggregation,
    is_higher_better,
    sort_order,
    description
from dim_metrics
