with metrics as (
    select * from {{ ref('metrics') }}
)

select
    metric_id,
    metric_name,
    metric_kind,
    unit,
    aggregation,
    event_type,
    numerator_metric_id,
    denominator_metric_id,
    is_higher_better,
    sort_order,
    description
from metrics
