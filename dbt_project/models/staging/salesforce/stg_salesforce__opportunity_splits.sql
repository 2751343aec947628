{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'opportunity_split') }}
),

renamed as (
    select
        {{ clean_text('id') }} as opportunity_split_id,
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('split_owner_id') }} as owner_id,
        {{ clean_text('split_type_split_field') }} as split_field,
        {{ clean_text('split_type_master_label') }} as split_type,
        {{ to_number('split_percentage') }} as split_percentage,
        {{ is_true('split_type_is_total_validated') }} as is_total_validated,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
