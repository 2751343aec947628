with statuses as (
    select * from {{ ref('statuses') }}
)

select
    status,
    status_name,
    evidence,
    sort_order,
    side,
    is_proven,
    luck,
    tone,
    icon,
    alert_words
from statuses
