{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'deal_split') }}
),

renamed as (
    select
        {{ clean_text('id') }} as deal_split_id,
        {{ clean_text('hs_deal_id') }} as deal_id,
        {{ clean_text('hubspot_owner_id') }} as owner_id,
        {{ to_number('hs_deal_split_percentage') }} as split_ratio,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
