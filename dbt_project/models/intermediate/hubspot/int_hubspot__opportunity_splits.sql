{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__deal_splits as (
    select * from {{ ref('stg_hubspot__deal_splits') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'hubspot'
),

-- an unshared deal has one split of 100 %, which its owner has anyway
mapped as (
    select
        stg_hubspot__deal_splits.deal_id as opportunity_id,
        coalesce(rep_ids.rep_id, stg_hubspot__deal_splits.owner_id) as rep_id,
        sum(stg_hubspot__deal_splits.split_ratio) as split_ratio,
        false as is_deleted
    from stg_hubspot__deal_splits
    left join rep_ids
        on stg_hubspot__deal_splits.owner_id = rep_ids.user_id
    where
        not stg_hubspot__deal_splits.is_deleted
        and stg_hubspot__deal_splits.split_ratio < 1
    group by 1, 2
)

select * from mapped
