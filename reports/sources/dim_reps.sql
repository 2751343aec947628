-- who is who: every rep as they are now
select
    rep_id,
    rep_name,
    email,
    manager_id,
    manager_name,
    team,
    region,
    role,
    tier,
    time_zone,
    fte,
    hire_date,
    end_date,
    is_active
from dim_reps
where is_current
