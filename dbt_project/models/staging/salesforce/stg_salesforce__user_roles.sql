{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'user_role') }}
),

renamed as (
    select
        {{ clean_text('id') }} as user_role_id,
        {{ clean_text('name') }} as user_role_name,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
