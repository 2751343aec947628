{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__users as (
    select * from {{ ref('stg_salesforce__users') }}
),

stg_salesforce__user_roles as (
    select * from {{ ref('stg_salesforce__user_roles') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'salesforce'
),

-- who signs in to sell: not portal users, not Salesforce's own. Of a rep whom an earlier source
-- knows, that one says all
mapped as (
    select
        rep_ids.rep_id,
        manager_ids.rep_id as manager_id,
        stg_salesforce__users.user_name as rep_name,
        stg_salesforce__users.email,
        coalesce(stg_salesforce__users.team, managers.user_name) as team,
        stg_salesforce__users.region,
        coalesce(stg_salesforce__users.role, stg_salesforce__user_roles.user_role_name) as role,
        stg_salesforce__users.tier,
        stg_salesforce__users.calendar,
        stg_salesforce__users.time_zone,
        cast(null as {{ type_double() }}) as fte,
        stg_salesforce__users.hire_date,
        -- Salesforce does not say when a user was deactivated: nobody works after the last login
        case
            when stg_salesforce__users.end_date is not null then stg_salesforce__users.end_date
            when not stg_salesforce__users.is_active
                then cast(coalesce(
                    stg_salesforce__users.last_login_at, stg_salesforce__users.updated_at
                ) as date)
        end as end_date,
        cast(null as date) as valid_from,
        stg_salesforce__users.is_deleted
    from stg_salesforce__users
    inner join rep_ids
        on stg_salesforce__users.user_id = rep_ids.user_id
    left join stg_salesforce__users as managers
        on stg_salesforce__users.manager_id = managers.user_id
    left join rep_ids as manager_ids
        on stg_salesforce__users.manager_id = manager_ids.user_id
    left join stg_salesforce__user_roles
        on stg_salesforce__users.user_role_id = stg_salesforce__user_roles.user_role_id
    where
        not rep_ids.is_known
        and rep_ids.is_first
        and coalesce(stg_salesforce__users.user_type, 'Standard') = 'Standard'
)

select * from mapped
