{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__deal_stage_history as (
    select * from {{ ref('stg_hubspot__deal_stage_history') }}
),

stg_hubspot__deals as (
    select * from {{ ref('stg_hubspot__deals') }}
),

stg_hubspot__pipeline_stages as (
    select * from {{ ref('stg_hubspot__pipeline_stages') }}
),

-- history has no pipeline; the id of a stage is there once, but for copies of the default one
stage_labels as (
    select
        stage_id,
        min(label) as label
    from stg_hubspot__pipeline_stages
    group by 1
),

-- the same stage set again is not a change; a renamed stage has its current name
named as (
    select
        stg_hubspot__deal_stage_history.deal_stage_history_id,
        stg_hubspot__deal_stage_history.deal_id,
        stg_hubspot__deal_stage_history.changed_at,
        coalesce(stage_labels.label, stg_hubspot__deal_stage_history.stage_id)
            as stage
    from stg_hubspot__deal_stage_history
    inner join stg_hubspot__deals
        on stg_hubspot__deal_stage_history.deal_id = stg_hubspot__deals.deal_id
    left join stage_labels
        on stg_hubspot__deal_stage_history.stage_id = stage_labels.stage_id
    where
        not stg_hubspot__deals.is_deleted
        and not stg_hubspot__deal_stage_history.is_deleted
),

followed as (
    select
        deal_id,
        stage,
        changed_at,
        lag(stage) over (
            partition by deal_id
            order by changed_at asc nulls last, deal_stage_history_id asc nulls last
        ) as from_stage
    from named
),

changed as (
    select
        deal_id as opportunity_id,
        min(from_stage) as from_stage,
        stage as to_stage,
        cast(null as date) as changed_day,
        changed_at,
        false as is_deleted
    from followed
    where from_stage is null or from_stage <> stage
    group by deal_id, stage, changed_at
)

select * from changed
