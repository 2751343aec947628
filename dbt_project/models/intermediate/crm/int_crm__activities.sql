{{ config(materialized='view') }}

with sourced_activities as (
    {{ source_records('activities', with_source=true) }}
)

select
    record_source as source,
    activity_id,
    coalesce(rep_id, 'unassigned') as rep_id,
    contact_id,
    lead_id,
    account_id,
    opportunity_id,
    lower(activity_type) as activity_type,
    coalesce(lower(direction), '') as direction,
    coalesce(lower(outcome), '') as outcome,
    occurred_text,
    duration_seconds,
    occurred_day,
    occurred_at,
    created_at,
    updated_at
from sourced_activities
where not is_deleted
