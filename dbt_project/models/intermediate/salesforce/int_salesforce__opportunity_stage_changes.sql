{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__opportunity_history as (
    select * from {{ ref('stg_salesforce__opportunity_history') }}
),

-- history has a row whenever amount, date or stage change: only other stages are changes
followed as (
    select
        opportunity_id,
        stage,
        changed_at,
        lag(stage) over (
            partition by opportunity_id
            order by changed_at asc nulls last, opportunity_history_id asc nulls last
        ) as from_stage
    from stg_salesforce__opportunity_history
    where not is_deleted
),

changed as (
    select
        opportunity_id,
        min(from_stage) as from_stage,
        stage as to_stage,
        cast(null as date) as changed_day,
        changed_at,
        false as is_deleted
    from followed
    where from_stage is null or from_stage <> stage
    group by opportunity_id, stage, changed_at
)

select * from changed
