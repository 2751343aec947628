{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'deal') }}
),

renamed as (
    select
        {{ clean_text('id') }} as deal_id,
        {{ clean_text('hubspot_owner_id') }} as owner_id,
        coalesce(
            {{ clean_text('hs_primary_associated_company') }},
            {{ clean_text("split_part(company_ids, ';', 1)") }}
        ) as company_id,
        {{ clean_text("split_part(contact_ids, ';', 1)") }} as contact_id,
        {{ clean_text('custom_opportunity_type') }} as custom_opportunity_type,
        {{ clean_text('dealtype') }} as deal_type,
        {{ clean_text('pipeline') }} as pipeline_id,
        {{ clean_text('dealstage') }} as stage_id,
        {{ clean_text('deal_currency_code') }} as currency,
        {{ to_number('amount') }} as amount,
        {{ clean_text('hs_is_closed') }} = 'true' as is_closed,
        {{ clean_text('hs_is_closed_won') }} = 'true' as is_won,
        {{ iso_timestamp('closedate') }} as closed_at,
        {{ iso_timestamp('createdate') }} as created_at,
        {{ iso_timestamp('hs_lastmodifieddate') }} as updated_at,
        {{ iso_timestamp('_modified_at') }} as modified_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
