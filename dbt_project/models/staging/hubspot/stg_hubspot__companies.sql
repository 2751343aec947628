{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'company') }}
),

renamed as (
    select
        {{ clean_text('id') }} as company_id,
        {{ clean_text('name') }} as company_name,
        {{ clean_text('industry') }} as industry,
        {{ clean_text('country') }} as country,
        {{ to_number('numberofemployees') }} as employee_count,
        {{ to_number('annualrevenue') }} as annual_revenue,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
