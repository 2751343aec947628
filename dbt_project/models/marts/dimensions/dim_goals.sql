with int_goals__unioned as (
    select * from {{ ref('int_goals__unioned') }}
)

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
from int_goals__unioned
