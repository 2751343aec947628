{{ config(materialized='view') }}

with stg_files__activities as (
    select * from {{ ref('stg_files__activities') }}
)

select
    activity_id,
    coalesce(rep_id, 'unassigned') as rep_id,
    contact_id,
    lead_id,
    account_id,
    opportunity_id,
    lower(activity_type) as activity_type,
    coalesce(lower(direction), '') as direction,
    coalesce(lower(outcome), '') as outcome,
    duration_seconds,
    occurred_at,
    created_at,
    updated_at
from stg_files__activities
where not is_deleted
