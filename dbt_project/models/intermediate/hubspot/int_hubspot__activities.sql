{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__calls as (
    select * from {{ ref('stg_hubspot__calls') }}
),

stg_hubspot__emails as (
    select * from {{ ref('stg_hubspot__emails') }}
),

stg_hubspot__meetings as (
    select * from {{ ref('stg_hubspot__meetings') }}
),

stg_hubspot__tasks as (
    select * from {{ ref('stg_hubspot__tasks') }}
),

stg_hubspot__property_options as (
    select * from {{ ref('stg_hubspot__property_options') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'hubspot'
),

-- the outcome of a call is a code whose name the account defines
named_calls as (
    select
        stg_hubspot__calls.*,
        stg_hubspot__property_options.label as disposition
    from stg_hubspot__calls
    left join stg_hubspot__property_options
        on
            stg_hubspot__calls.disposition_id = stg_hubspot__property_options.value
            and stg_hubspot__property_options.object = 'calls'
            and stg_hubspot__property_options.property = 'hs_call_disposition'
),

-- planned records are not activities: a queued call, a scheduled e-mail, an open task
activities as (
    select
        'call-' || call_id as activity_id,
        owner_id,
        contact_id,
        company_id,
        deal_id,
        coalesce(custom_type, type, 'call') as activity_type,
        coalesce(custom_direction, direction) as direction,
        coalesce(custom_outcome, disposition, status) as outcome,
        duration_milliseconds / 1000 as duration_seconds,
        coalesce(occurred_at, created_at) as occurred_at,
        created_at,
        updated_at,
        modified_at,
        is_deleted or coalesce(status, '') in ('QUEUED', 'CANCELED') as is_deleted
    from named_calls
    union all
    select
        'email-' || email_id as activity_id,
        owner_id,
        contact_id,
        company_id,
        deal_id,
        coalesce(custom_type, 'email') as activity_type,
        coalesce(
            custom_direction,
            case direction
                when 'EMAIL' then 'outbound'
                when 'INCOMING_EMAIL' then 'inbound'
                when 'FORWARDED_EMAIL' then 'forwarded'
                else direction
            end
        ) as direction,
        coalesce(custom_outcome, status) as outcome,
        cast(null as {{ type_double() }}) as duration_seconds,
        coalesce(occurred_at, created_at) as occurred_at,
        created_at,
        updated_at,
        modified_at,
        is_deleted or coalesce(status, '') = 'SCHEDULED' as is_deleted
    from stg_hubspot__emails
    union all
    select
        'meeting-' || meeting_id as activity_id,
        owner_id,
        contact_id,
        company_id,
        deal_id,
        coalesce(custom_type, type, 'meeting') as activity_type,
        custom_direction as direction,
        coalesce(custom_outcome, outcome) as outcome,
        {{ dbt.datediff('started_at', 'ended_at', 'second') }} as duration_seconds,
        coalesce(started_at, occurred_at, created_at) as occurred_at,
        created_at,
        updated_at,
        modified_at,
        is_deleted as is_deleted
    from stg_hubspot__meetings
    union all
    select
        'task-' || task_id as activity_id,
        owner_id,
        contact_id,
        company_id,
        deal_id,
        coalesce(custom_type, 'task') as activity_type,
        custom_direction as direction,
        coalesce(custom_outcome, type) as outcome,
        cast(null as {{ type_double() }}) as duration_seconds,
        coalesce(completed_at, due_at, created_at) as occurred_at,
        created_at,
        updated_at,
        modified_at,
        is_deleted or coalesce(status, '') <> 'COMPLETED' as is_deleted
    from stg_hubspot__tasks
),

mapped as (
    select
        activities.activity_id,
        coalesce(rep_ids.rep_id, activities.owner_id) as rep_id,
        activities.contact_id,
        activities.contact_id as lead_id,
        activities.company_id as account_id,
        activities.deal_id as opportunity_id,
        activities.activity_type,
        activities.direction,
        activities.outcome,
        {{ iso_text('activities.occurred_at') }} as occurred_text,
        {{ iso_text('activities.created_at') }} as created_text,
        {{ iso_text('activities.updated_at') }} as updated_text,
        {{ iso_text('activities.modified_at') }} as modified_text,
        cast(activities.duration_seconds as {{ type_double() }}) as duration_seconds,
        cast(null as date) as occurred_day,
        activities.occurred_at,
        activities.created_at,
        activities.updated_at,
        activities.modified_at,
        activities.is_deleted
    from activities
    left join rep_ids
        on activities.owner_id = rep_ids.user_id
)

select * from mapped
