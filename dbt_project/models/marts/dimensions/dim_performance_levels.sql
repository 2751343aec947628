with performance_levels as (
    select * from {{ ref('performance_levels') }}
)

select
    coalesce(metric_id, '') as metric_id,
    coalesce(role, '') as role,
    level,
    min_attainment,
    rank
from performance_levels
