{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'goal_target') }}
),

renamed as (
    select
        {{ clean_text('id') }} as goal_target_id,
        {{ clean_text('hubspot_owner_id') }} as owner_id,
        {{ clean_text('hs_assignee_user_id') }} as user_id,
        {{ clean_text('hs_goal_type') }} as type,
        {{ clean_text('hs_pipeline_ids') }} as pipeline_ids,
        {{ clean_text('hs_goal_target_currency_code') }} as currency,
        {{ to_number('hs_target_amount') }} as amount,
        cast({{ iso_timestamp('hs_start_datetime') }} as date) as start_date,
        cast({{ iso_timestamp('hs_end_datetime') }} as date) as end_date,
        {{ iso_timestamp('hs_createdate') }} as created_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
