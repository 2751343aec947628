select
    slice,
    role,
    metric_id,
    period_type,
    chance_from,
    forecasts,
    outcomes,
    coverage_ratio,
    coverage_low,
    coverage_high,
    mean_chance,
    reached_ratio,
    reached_low,
    reached_high,
    verdict
from projection_calibration
where slice in ('all', 'period_type', 'metric', 'chance')
