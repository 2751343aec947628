select
    status,
    status_name,
    evidence,
    tone,
    icon
from dim_statuses
order by sort_order
