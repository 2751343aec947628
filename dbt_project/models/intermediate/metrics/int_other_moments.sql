with sourced_leads as (
    {{ source_records('leads', with_source=true) }}
),

sourced_opportunity_stage_changes as (
    {{ source_records('opportunity_stage_changes', with_source=true) }}
),

int_opportunities__credited as (
    select * from {{ ref('int_opportunities__credited') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

known_reps as (
    select distinct rep_id from int_crm__reps
),

-- a lead of a rep that the source does not know is kept as nobody's
leads as (
    select
        sourced_leads.record_source as source,
        sourced_leads.lead_id,
        coalesce(known_reps.rep_id, 'unassigned') as rep_id,
        sourced_leads.created_day,
        sourced_leads.created_at,
        sourced_leads.converted_day,
        sourced_leads.converted_at
    from sourced_leads
    left join known_reps
        on sourced_leads.rep_id = known_reps.rep_id
    where not sourced_leads.is_deleted
),

moments as (
    select
        source,
        lead_id as record_id,
        rep_id,
        'leads' as source_table,
        'created' as outcome,
        created_day as happened_day,
        created_at as happened_at,
        1 as credit
    from leads
    union all
    select
        source,
        lead_id as record_id,
        rep_id,
        'leads' as source_table,
        'converted' as outcome,
        converted_day as happened_day,
        converted_at as happened_at,
        1 as credit
    from leads
    where converted_at is not null
    union all
    -- a stage change is credited as its deal is: a deleted deal takes its changes with it
    select
        sourced_opportunity_stage_changes.record_source as source,
        sourced_opportunity_stage_changes.opportunity_id || ' '
        || coalesce(
            cast(sourced_opportunity_stage_changes.changed_at as {{ type_text() }}), ''
        ) || ' ' || coalesce(sourced_opportunity_stage_changes.to_stage, '') as record_id,
        int_opportunities__credited.rep_id,
        'opportunity_stage_changes' as source_table,
        lower(sourced_opportunity_stage_changes.to_stage) as outcome,
        sourced_opportunity_stage_changes.changed_day as happened_day,
        sourced_opportunity_stage_changes.changed_at as happened_at,
        int_opportunities__credited.split_ratio as credit
    from sourced_opportunity_stage_changes
    inner join int_opportunities__credited
        on
            sourced_opportunity_stage_changes.opportunity_id
            = int_opportunities__credited.opportunity_id
    where not sourced_opportunity_stage_changes.is_deleted
)

select * from moments
