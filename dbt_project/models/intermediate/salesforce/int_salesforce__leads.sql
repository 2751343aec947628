{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__leads as (
    select * from {{ ref('stg_salesforce__leads') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'salesforce'
),

mapped as (
    select
        stg_salesforce__leads.lead_id,
        coalesce(rep_ids.rep_id, stg_salesforce__leads.owner_id) as rep_id,
        stg_salesforce__leads.account_id,
        stg_salesforce__leads.opportunity_id,
        stg_salesforce__leads.source,
        stg_salesforce__leads.industry,
        stg_salesforce__leads.country,
        stg_salesforce__leads.job_title,
        stg_salesforce__leads.status,
        stg_salesforce__leads.employee_count,
        cast(null as date) as created_day,
        stg_salesforce__leads.converted_date as converted_day,
        stg_salesforce__leads.created_at,
        cast(stg_salesforce__leads.converted_date as timestamp) as converted_at,
        stg_salesforce__leads.is_deleted
    from stg_salesforce__leads
    left join rep_ids
        on stg_salesforce__leads.owner_id = rep_ids.user_id
)

select * from mapped
