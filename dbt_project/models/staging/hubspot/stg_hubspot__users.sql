{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'user') }}
),

renamed as (
    select
        {{ clean_text('hs_internal_user_id') }} as user_id,
        {{ clean_text('hs_job_title') }} as job_title,
        {{ clean_text('hs_standard_time_zone') }} as time_zone,
        {{ clean_text('custom_role') }} as role,
        {{ clean_text('custom_team') }} as team,
        {{ clean_text('custom_region') }} as region,
        {{ clean_text('custom_tier') }} as tier,
        {{ clean_text('custom_calendar') }} as calendar,
        {{ to_date('custom_hire_date') }} as hire_date,
        {{ to_date('custom_end_date') }} as end_date,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
