{{ config(materialized='view') }}

with int_crm__activities as (
    select * from {{ ref('int_crm__activities') }}
),

int_activity_matches as (
    select * from {{ ref('int_activity_matches') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

-- one row per event and combination, one offset per rep and moment: no join multiplies
final as (
    select
        int_crm__activities.source,
        int_crm__activities.activity_id,
        int_rep_offsets.credited_rep_id as rep_id,
        int_activity_matches.event_type,
        {{ local_date(
            'int_crm__activities.occurred_at', 'int_rep_offsets', 'int_crm__activities.occurred_day'
        ) }} as date_day,
        int_crm__activities.activity_type,
        int_crm__activities.direction,
        int_crm__activities.outcome,
        int_crm__activities.duration_seconds
    from int_crm__activities
    inner join int_activity_matches
        on
            int_crm__activities.activity_type = int_activity_matches.activity_type
            and int_crm__activities.direction = int_activity_matches.direction
            and int_crm__activities.outcome = int_activity_matches.outcome
            and coalesce(int_crm__activities.duration_seconds, 0)
            >= int_activity_matches.least_seconds
    inner join int_rep_offsets
        on
            int_crm__activities.rep_id = int_rep_offsets.rep_id
            and int_crm__activities.occurred_at >= int_rep_offsets.effective_from
            and int_crm__activities.occurred_at < int_rep_offsets.effective_to
)

select * from final
