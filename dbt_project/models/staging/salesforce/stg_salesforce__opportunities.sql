{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'opportunity') }}
),

renamed as (
    select
        {{ clean_text('id') }} as opportunity_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('type') }} as opportunity_type,
        {{ clean_text('custom_opportunity_type') }} as custom_opportunity_type,
        {{ clean_text('stage_name') }} as stage,
        {{ clean_text('currency_iso_code') }} as currency,
        {{ to_number('amount') }} as amount,
        {{ is_true('is_closed') }} as is_closed,
        {{ is_true('is_won') }} as is_won,
        {{ to_date('close_date') }} as close_date,
        {{ iso_timestamp('created_date') }} as created_at,
        {{ iso_timestamp('system_modstamp') }} as updated_at,
        {{ iso_timestamp('_modified_at') }} as modified_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
