select distinct reps.manager_id
from {{ path }} as reps
anti join {{ path }} as managers
    on reps.manager_id = managers.rep_id
where reps.manager_id is not null
order by 1
