{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'event') }}
),

renamed as (
    select
        {{ clean_text('id') }} as event_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('who_id') }} as who_id,
        {{ clean_text('what_id') }} as what_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('type') }} as type,
        {{ clean_text('custom_activity_type') }} as custom_type,
        {{ clean_text('custom_direction') }} as custom_direction,
        {{ clean_text('custom_outcome') }} as custom_outcome,
        {{ to_number('duration_in_minutes') }} as duration_minutes,
        {{ is_true('is_child') }} as is_child,
        {{ is_true('is_recurrence') }} as is_recurrence,
        {{ is_true('is_all_day_event') }} as is_all_day,
        {{ to_date('activity_date') }} as activity_date,
        {{ iso_timestamp('start_date_time') }} as started_at,
        {{ iso_timestamp('created_date') }} as created_at,
        {{ iso_timestamp('system_modstamp') }} as updated_at,
        {{ iso_timestamp('_modified_at') }} as modified_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
