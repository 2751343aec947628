{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'call') }}
),

renamed as (
    select
        {{ clean_text('id') }} as call_id,
        {{ clean_text('hubspot_owner_id') }} as owner_id,
        {{ clean_text("split_part(contact_ids, ';', 1)") }} as contact_id,
        {{ clean_text("split_part(company_ids, ';', 1)") }} as company_id,
        {{ clean_text("split_part(deal_ids, ';', 1)") }} as deal_id,
        {{ clean_text('custom_activity_type') }} as custom_type,
        {{ clean_text('custom_direction') }} as custom_direction,
        {{ clean_text('custom_outcome') }} as custom_outcome,
        {{ clean_text('hs_activity_type') }} as type,
        {{ clean_text('hs_call_direction') }} as direction,
        {{ clean_text('hs_call_disposition') }} as disposition_id,
        {{ clean_text('hs_call_status') }} as status,
        {{ to_number('hs_call_duration') }} as duration_milliseconds,
        {{ iso_timestamp('hs_timestamp') }} as occurred_at,
        {{ iso_timestamp('hs_createdate') }} as created_at,
        {{ iso_timestamp('hs_lastmodifieddate') }} as updated_at,
        {{ iso_timestamp('_modified_at') }} as modified_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
