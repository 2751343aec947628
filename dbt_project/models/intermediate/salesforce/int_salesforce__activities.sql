{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__tasks as (
    select * from {{ ref('stg_salesforce__tasks') }}
),

stg_salesforce__events as (
    select * from {{ ref('stg_salesforce__events') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'salesforce'
),

-- a task counts when it is done, on the day it was; what is still to do is no activity
activities as (
    select
        task_id as activity_id,
        owner_id,
        who_id,
        what_id,
        account_id,
        coalesce(
            custom_type, type,
            case when lower(task_subtype) in ('call', 'email') then task_subtype end,
            'task'
        ) as activity_type,
        coalesce(custom_direction, call_type) as direction,
        coalesce(custom_outcome, call_disposition, status) as outcome,
        duration_seconds,
        case when completed_at is null then activity_date end as occurred_day,
        coalesce(completed_at, cast(activity_date as timestamp), created_at) as occurred_at,
        created_at,
        updated_at,
        modified_at,
        is_deleted or is_recurrence or not is_closed as is_deleted
    from stg_salesforce__tasks
    union all
    -- one meeting counts once, for its organiser: the copies of those who were invited do not. An
    -- event of a whole day has midnight UTC of it for a start, which is no moment
    select
        event_id as activity_id,
        owner_id,
        who_id,
        what_id,
        account_id,
        coalesce(custom_type, type, 'meeting') as activity_type,
        custom_direction as direction,
        custom_outcome as outcome,
        60 * duration_minutes as duration_seconds,
        case
            when is_all_day then coalesce(activity_date, cast(started_at as date))
            when started_at is null then activity_date
        end as occurred_day,
        coalesce(started_at, cast(activity_date as timestamp), created_at) as occurred_at,
        created_at,
        updated_at,
        modified_at,
        is_deleted or is_recurrence or is_child as is_deleted
    from stg_salesforce__events
),

-- the first three characters of an id say what it is
mapped as (
    select
        activities.activity_id,
        coalesce(rep_ids.rep_id, activities.owner_id) as rep_id,
        case when substr(activities.who_id, 1, 3) = '003' then activities.who_id end as contact_id,
        case when substr(activities.who_id, 1, 3) = '00Q' then activities.who_id end as lead_id,
        activities.account_id,
        case when substr(activities.what_id, 1, 3) = '006' then activities.what_id end
            as opportunity_id,
        activities.activity_type,
        activities.direction,
        activities.outcome,
        {{ iso_text('activities.occurred_at') }} as occurred_text,
        {{ iso_text('activities.created_at') }} as created_text,
        {{ iso_text('activities.updated_at') }} as updated_text,
        {{ iso_text('activities.modified_at') }} as modified_text,
        activities.duration_seconds,
        activities.occurred_day,
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
