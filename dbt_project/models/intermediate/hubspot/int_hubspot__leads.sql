{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

stg_hubspot__deals as (
    select * from {{ ref('stg_hubspot__deals') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'hubspot'
),

first_deals as (
    select
        contact_id,
        min(deal_id) as deal_id
    from stg_hubspot__deals
    where not is_deleted and contact_id is not null
    group by 1
),

-- newsletter readers and others who will not become customers are not leads
mapped as (
    select
        stg_hubspot__contacts.contact_id as lead_id,
        coalesce(rep_ids.rep_id, stg_hubspot__contacts.owner_id) as rep_id,
        stg_hubspot__contacts.company_id as account_id,
        first_deals.deal_id as opportunity_id,
        coalesce(stg_hubspot__contacts.custom_source, stg_hubspot__contacts.source) as source,
        stg_hubspot__contacts.industry,
        stg_hubspot__contacts.country,
        stg_hubspot__contacts.job_title,
        coalesce(stg_hubspot__contacts.lead_status, stg_hubspot__contacts.lifecycle_stage)
            as status,
        cast(null as {{ type_double() }}) as employee_count,
        cast(null as date) as created_day,
        cast(null as date) as converted_day,
        stg_hubspot__contacts.created_at,
        coalesce(stg_hubspot__contacts.opportunity_at, stg_hubspot__contacts.customer_at)
            as converted_at,
        stg_hubspot__contacts.is_deleted
    from stg_hubspot__contacts
    left join first_deals
        on stg_hubspot__contacts.contact_id = first_deals.contact_id
    left join rep_ids
        on stg_hubspot__contacts.owner_id = rep_ids.user_id
    where
        stg_hubspot__contacts.opportunity_at is not null
        or coalesce(lower(stg_hubspot__contacts.lifecycle_stage), 'subscriber')
        not in ('subscriber', 'evangelist', 'other')
)

select * from mapped
