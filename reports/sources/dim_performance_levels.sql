select
    metric_id,
    role,
    level,
    min_attainment,
    rank
from dim_performance_levels
