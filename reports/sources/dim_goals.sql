select
    goal_id,
    scope,
    scope_value,
    tier,
    metric_id,
    period,
    goal,
    timing,
    valid_from,
    valid_to,
    source
from dim_goals
