-- one row per agent, and one per manager; managers have no scorecard and are a team of their own,
-- so that a goal of a team is a goal of its agents only
with teams as (
    select * from read_csv('exports/sales_teams.csv', all_varchar = true)
),

agents as (
    select
        lower(replace(sales_agent, ' ', '_')) as rep_id,
        sales_agent as rep_name,
        lower(replace(manager, ' ', '_')) as manager_id,
        manager as team,
        regional_office as region,
        'Agent' as role
    from teams
),

managers as (
    select distinct
        lower(replace(manager, ' ', '_')) as rep_id,
        manager as rep_name,
        null as manager_id,
        'Management' as team,
        regional_office as region,
        'Manager' as role
    from teams
)

select * from agents
union all
select * from managers
