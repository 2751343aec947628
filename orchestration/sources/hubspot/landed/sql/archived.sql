-- When the record was last seen among the archived ones.
select
    {{ record_id }} as id,
    max({{ synced }}) as synced
from landed as base
group by 1
