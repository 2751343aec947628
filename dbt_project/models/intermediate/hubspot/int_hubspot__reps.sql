{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

stg_hubspot__users as (
    select * from {{ ref('stg_hubspot__users') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'hubspot'
),

-- the files, or Salesforce, describe their own reps
mapped as (
    select
        rep_ids.rep_id,
        cast(null as {{ type_text() }}) as manager_id,
        coalesce(
            {{ clean_text("coalesce(stg_hubspot__owners.first_name, '') || ' '"
                ~ " || coalesce(stg_hubspot__owners.last_name, '')") }},
            stg_hubspot__owners.email,
            stg_hubspot__owners.owner_id
        ) as rep_name,
        stg_hubspot__owners.email,
        coalesce(stg_hubspot__users.team, stg_hubspot__owners.team) as team,
        stg_hubspot__users.region,
        coalesce(stg_hubspot__users.role, stg_hubspot__users.job_title) as role,
        stg_hubspot__users.tier,
        stg_hubspot__users.calendar,
        stg_hubspot__users.time_zone,
        cast(null as {{ type_double() }}) as fte,
        stg_hubspot__users.hire_date,
        -- HubSpot does not say when a user was deactivated: nothing of the owner changes after it
        case
            when stg_hubspot__users.end_date is not null then stg_hubspot__users.end_date
            when stg_hubspot__owners.is_archived
                then cast(stg_hubspot__owners.updated_at as date)
        end as end_date,
        cast(null as date) as valid_from,
        false as is_deleted
    from stg_hubspot__owners
    inner join rep_ids
        on stg_hubspot__owners.owner_id = rep_ids.user_id
    left join stg_hubspot__users
        on
            stg_hubspot__owners.user_id = stg_hubspot__users.user_id
            and not stg_hubspot__users.is_deleted
    where rep_ids.is_first and not rep_ids.is_known
)

select * from mapped
