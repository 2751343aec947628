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
    is_previous_shown
from dim_period_types
order by sort_order
