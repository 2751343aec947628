{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'account') }}
),

renamed as (
    select
        {{ clean_text('id') }} as account_id,
        {{ clean_text('name') }} as account_name,
        {{ clean_text('industry') }} as industry,
        {{ clean_text('billing_country') }} as country,
        {{ to_number('number_of_employees') }} as employee_count,
        {{ to_number('annual_revenue') }} as annual_revenue,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
