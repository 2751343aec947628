{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'opportunity_history') }}
),

renamed as (
    select
        {{ clean_text('id') }} as opportunity_history_id,
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('stage_name') }} as stage,
        {{ iso_timestamp('created_date') }} as changed_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
