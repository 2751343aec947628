{{ config(meta={'compared': true}) }}

with int_seasonal_scopes__chosen as (
    select * from {{ ref('int_seasonal_scopes__chosen') }}
),

int_seasonal_indices as (
    select * from {{ ref('int_seasonal_indices') }}
),

int_slot_days as (
    select * from {{ ref('int_slot_days') }}
),

-- a season that is not known is none: every working day is an average one
resolved as (
    select
        scopes.metric_id,
        scopes.role,
        scopes.region,
        int_slot_days.slot_id,
        scopes.index_scope,
        coalesce(int_seasonal_indices.event_count, 0) as event_count,
        coalesce(int_seasonal_indices.years, 0) as years,
        int_seasonal_indices.raw_index,
        coalesce(int_seasonal_indices.shrink_weight, 0) as shrink_weight,
        coalesce(int_seasonal_indices.half_shrink_weight, 0) as half_shrink_weight,
        coalesce(int_seasonal_indices.seasonal_index, 1) as seasonal_index
    from int_seasonal_scopes__chosen as scopes
    cross join int_slot_days
    left join int_seasonal_indices
        on
            scopes.metric_id = int_seasonal_indices.metric_id
            and scopes.index_scope = int_seasonal_indices.index_scope
            and scopes.index_role = int_seasonal_indices.role
            and scopes.index_region = int_seasonal_indices.region
            and int_slot_days.slot_id = int_seasonal_indices.slot_id
)

select * from resolved
