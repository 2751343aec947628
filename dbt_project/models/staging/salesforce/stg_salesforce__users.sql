{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'user') }}
),

renamed as (
    select
        {{ clean_text('id') }} as user_id,
        {{ clean_text('manager_id') }} as manager_id,
        {{ clean_text('user_role_id') }} as user_role_id,
        {{ clean_text('name') }} as user_name,
        {{ clean_text('email') }} as email,
        {{ clean_text('user_type') }} as user_type,
        {{ clean_text('time_zone_sid_key') }} as time_zone,
        {{ clean_text('custom_role') }} as role,
        {{ clean_text('custom_team') }} as team,
        {{ clean_text('custom_region') }} as region,
        {{ clean_text('custom_tier') }} as tier,
        {{ clean_text('custom_calendar') }} as calendar,
        {{ is_true('is_active') }} as is_active,
        {{ to_date('custom_hire_date') }} as hire_date,
        {{ to_date('custom_end_date') }} as end_date,
        {{ iso_timestamp('last_login_date') }} as last_login_at,
        {{ iso_timestamp('system_modstamp') }} as updated_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
