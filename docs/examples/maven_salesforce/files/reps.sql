-- one row per user who sells or leads; any other user of the CRM is left out. Managers are a team
-- of their own, so that a goal of a team is a goal of its agents only
with users as (
    select * from read_csv('exports/User.csv', all_varchar = true)
)

select
    users.Id as rep_id,
    users.Name as rep_name,
    users.ManagerId as manager_id,
    coalesce(managers.Name, 'Management') as team,
    users.Department as region,
    case users.Title
        when 'Sales Agent' then 'Agent'
        when 'Sales Manager' then 'Manager'
    end as role
from users
left join users as managers
    on users.ManagerId = managers.Id
where users.Title in ('Sales Agent', 'Sales Manager')
