-- The ids of a record's associated ones.
select
    {{ record_id }} as id,
    {{ ids }} as ids
from landed as base
where
    not coalesce({{ is_gone }}, false)
    and coalesce({{ is_active }}, true)
group by 1
