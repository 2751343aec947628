-- one row per rep and territory: a rep who moves has a new version from the day of the move
with employees as (
    select * from read_csv('exports/sales_employee.csv', all_varchar = true)
),

sales_persons as (
    select * from read_csv('exports/sales_person.csv', all_varchar = true)
),

territories as (
    select * from read_csv('exports/sales_territory.csv', all_varchar = true)
),

territory_history as (
    select * from read_csv('exports/sales_territory_history.csv', all_varchar = true)
),

managers as (
    select
        business_entity_id,
        case job_title
            when 'North American Sales Manager' then 'North America'
            when 'European Sales Manager' then 'Europe'
            when 'Pacific Sales Manager' then 'Pacific'
        end as team
    from employees
    where job_title like '%Sales Manager'
),

-- where there is no history, the territory of today holds for all days; managers have neither
versions as (
    select
        employees.business_entity_id,
        employees.login_id,
        employees.hire_date,
        cast(cast(territory_history.start_date as timestamp) as date) as valid_from,
        coalesce(territory_history.territory_id, sales_persons.territory_id) as territory_id
    from employees
    left join sales_persons
        on employees.business_entity_id = sales_persons.business_entity_id
    left join territory_history
        on employees.business_entity_id = territory_history.business_entity_id
)

select
    versions.business_entity_id as rep_id,
    -- the export names people by their login only: adventure-works\stephen0
    regexp_replace(versions.login_id, '^.*\\', '') as rep_name,
    team_managers.business_entity_id as manager_id,
    coalesce(territories.territory_group, managers.team) as team,
    coalesce(territories.name, managers.team) as region,
    case when managers.business_entity_id is null then 'Representative' else 'Manager' end as role,
    lower(territories.country_region_code) as calendar,
    versions.hire_date,
    versions.valid_from
from versions
left join managers
    on versions.business_entity_id = managers.business_entity_id
left join territories
    on versions.territory_id = territories.territory_id
left join managers as team_managers
    on territories.territory_group = team_managers.team
