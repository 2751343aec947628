{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'task') }}
),

renamed as (
    select
        {{ clean_text('id') }} as task_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('who_id') }} as who_id,
        {{ clean_text('what_id') }} as what_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('type') }} as type,
        {{ clean_text('custom_activity_type') }} as custom_type,
        {{ clean_text('custom_direction') }} as custom_direction,
        {{ clean_text('custom_outcome') }} as custom_outcome,
        {{ clean_text('task_subtype') }} as task_subtype,
        {{ clean_text('status') }} as status,
        {{ clean_text('call_type') }} as call_type,
        {{ clean_text('call_disposition') }} as call_disposition,
        {{ to_number('call_duration_in_seconds') }} as duration_seconds,
        {{ is_true('is_closed') }} as is_closed,
        {{ is_true('is_recurrence') }} as is_recurrence,
        {{ to_date('activity_date') }} as activity_date,
        {{ iso_timestamp('completed_date_time') }} as completed_at,
        {{ iso_timestamp('created_date') }} as created_at,
        {{ iso_timestamp('system_modstamp') }} as updated_at,
        {{ iso_timestamp('_modified_at') }} as modified_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
