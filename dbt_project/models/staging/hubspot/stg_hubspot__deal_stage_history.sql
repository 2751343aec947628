{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'deal_stage_history') }}
),

renamed as (
    select
        {{ clean_text('id') }} as deal_stage_history_id,
        {{ clean_text('deal_id') }} as deal_id,
        {{ clean_text('stage_id') }} as stage_id,
        {{ iso_timestamp('changed_at') }} as changed_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
