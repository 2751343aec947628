{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__deals as (
    select * from {{ ref('stg_hubspot__deals') }}
),

stg_hubspot__pipeline_stages as (
    select * from {{ ref('stg_hubspot__pipeline_stages') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'hubspot'
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

-- HubSpot closes a deal at a moment; its day in the company's time zone counts
mapped as (
    select
        stg_hubspot__deals.deal_id as opportunity_id,
        coalesce(rep_ids.rep_id, stg_hubspot__deals.owner_id) as rep_id,
        stg_hubspot__deals.company_id as account_id,
        stg_hubspot__deals.contact_id as lead_id,
        coalesce(stg_hubspot__deals.custom_opportunity_type, stg_hubspot__deals.deal_type)
            as opportunity_type,
        coalesce(stg_hubspot__pipeline_stages.label, stg_hubspot__deals.stage_id) as stage,
        stg_hubspot__deals.currency,
        stg_hubspot__deals.amount,
        coalesce(stg_hubspot__pipeline_stages.is_closed, stg_hubspot__deals.is_closed, false)
            as is_closed,
        coalesce(
            stg_hubspot__pipeline_stages.is_closed and stg_hubspot__pipeline_stages.probability = 1,
            stg_hubspot__deals.is_won,
            false
        ) as is_won,
        {{ local_date('stg_hubspot__deals.closed_at', 'int_rep_offsets') }} as close_date,
        cast(null as date) as created_day,
        stg_hubspot__deals.created_at,
        stg_hubspot__deals.updated_at,
        stg_hubspot__deals.modified_at,
        stg_hubspot__deals.is_deleted
    from stg_hubspot__deals
    left join int_rep_offsets
        on
            int_rep_offsets.rep_id = 'unassigned'
            and stg_hubspot__deals.closed_at >= int_rep_offsets.effective_from
            and stg_hubspot__deals.closed_at < int_rep_offsets.effective_to
    left join stg_hubspot__pipeline_stages
        on
            stg_hubspot__deals.pipeline_id = stg_hubspot__pipeline_stages.pipeline_id
            and stg_hubspot__deals.stage_id = stg_hubspot__pipeline_stages.stage_id
    left join rep_ids
        on stg_hubspot__deals.owner_id = rep_ids.user_id
)

select * from mapped
