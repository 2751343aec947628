with stg_hubspot__deals as (
    select * from {{ ref('stg_hubspot__deals') }}
),

-- a deal belongs to its owner
mapped as (
    select
        deal_id as opportunity_id,
        owner_id as rep_id,
        cast(1 as {{ type_double() }}) as split_ratio,
        is_deleted
    from stg_hubspot__deals
    where 1 = 0
)

select * from mapped
