with period_types as (
    select * from {{ ref('period_types') }}
)

select
    period_type,
    period_name,
    short_name,
    current_name,
    previous_name,
    kind,
    days,
    periods_per_year,
    sort_order,
    is_diagnosed,
    is_previous_shown
from period_types
