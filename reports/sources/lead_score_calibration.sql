select
    decile,
    leads,
    conversions,
    mean_predicted,
    observed_ratio,
    observed_low,
    observed_high,
    lift,
    checked_from,
    checked_to,
    check_state
from lead_score_calibration
order by decile
