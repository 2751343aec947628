{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'lead') }}
),

renamed as (
    select
        {{ clean_text('id') }} as lead_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('converted_account_id') }} as account_id,
        {{ clean_text('converted_opportunity_id') }} as opportunity_id,
        {{ clean_text('lead_source') }} as source,
        {{ clean_text('industry') }} as industry,
        {{ clean_text('country') }} as country,
        {{ clean_text('title') }} as job_title,
        {{ clean_text('status') }} as status,
        {{ to_number('number_of_employees') }} as employee_count,
        {{ to_date('converted_date') }} as converted_date,
        {{ iso_timestamp('created_date') }} as created_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
