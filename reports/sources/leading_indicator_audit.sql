select
    role,
    leading_metric_id,
    leading_metric_name,
    lagging_metric_id,
    lagging_metric_name,
    lag_weeks,
    reps,
    weeks,
    effect,
    q_value,
    verdict,
    sentence
from leading_indicator_audit
