with source as (
    select * from {{ source('raw_files', 'accounts') }}
),

renamed as (
    select
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('account_name') }} as account_name,
        {{ clean_text('industry') }} as industry,
        {{ clean_text('country') }} as country,
        {{ to_number('employee_count') }} as employee_count,
        {{ to_number('annual_revenue') }} as annual_revenue,
        cast({{ to_number('fiscal_year_end_month') }} as integer) as fiscal_year_end_month,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
