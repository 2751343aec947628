{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'property_option') }}
),

renamed as (
    select
        {{ clean_text('object') }} as object,
        {{ clean_text('property') }} as property,
        {{ clean_text('value') }} as value,
        {{ clean_text('label') }} as label
    from source
)

select * from renamed
