{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'owner') }}
),

renamed as (
    select
        {{ clean_text('id') }} as owner_id,
        {{ clean_text('user_id') }} as user_id,
        {{ clean_text('email') }} as email,
        {{ clean_text('first_name') }} as first_name,
        {{ clean_text('last_name') }} as last_name,
        {{ clean_text('team') }} as team,
        {{ is_true('is_archived') }} as is_archived,
        {{ iso_timestamp('updated_at') }} as updated_at
    from source
)

select * from renamed
