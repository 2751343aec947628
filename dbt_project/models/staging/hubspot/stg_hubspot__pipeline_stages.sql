{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'pipeline_stage') }}
),

renamed as (
    select
        {{ clean_text('pipeline_id') }} as pipeline_id,
        {{ clean_text("split_part(id, '/', 2)") }} as stage_id,
        {{ clean_text('label') }} as label,
        {{ is_true('is_closed') }} as is_closed,
        {{ to_number('probability') }} as probability
    from source
)

select * from renamed
