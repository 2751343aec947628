{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__opportunities as (
    select * from {{ ref('stg_salesforce__opportunities') }}
),

stg_salesforce__leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'salesforce'
),

converted_leads as (
    select
        opportunity_id,
        min(lead_id) as lead_id
    from stg_salesforce__leads
    where not is_deleted and opportunity_id is not null
    group by 1
),

mapped as (
    select
        stg_salesforce__opportunities.opportunity_id,
        coalesce(rep_ids.rep_id, stg_salesforce__opportunities.owner_id) as rep_id,
        stg_salesforce__opportunities.account_id,
        converted_leads.lead_id,
        coalesce(
            stg_salesforce__opportunities.custom_opportunity_type,
            stg_salesforce__opportunities.opportunity_type
        ) as opportunity_type,
        stg_salesforce__opportunities.stage,
        stg_salesforce__opportunities.currency,
        stg_salesforce__opportunities.amount,
        stg_salesforce__opportunities.is_closed,
        stg_salesforce__opportunities.is_won,
        stg_salesforce__opportunities.close_date,
        cast(null as date) as created_day,
        stg_salesforce__opportunities.created_at,
        stg_salesforce__opportunities.updated_at,
        stg_salesforce__opportunities.modified_at,
        stg_salesforce__opportunities.is_deleted
    from stg_salesforce__opportunities
    left join converted_leads
        on stg_salesforce__opportunities.opportunity_id = converted_leads.opportunity_id
    left join rep_ids
        on stg_salesforce__opportunities.owner_id = rep_ids.user_id
)

select * from mapped
