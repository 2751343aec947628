with source as (
    select * from {{ source('raw_files', 'leads') }}
),

renamed as (
    select
        {{ clean_text('lead_id') }} as lead_id,
        {{ clean_text('rep_id') }} as rep_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('source') }} as source,
        {{ clean_text('industry') }} as industry,
        {{ clean_text('country') }} as country,
        {{ clean_text('job_title') }} as job_title,
        {{ clean_text('status') }} as status,
        {{ to_number('employee_count') }} as employee_count,
        {{ bare_day('created_at') }} as created_day,
        {{ bare_day('converted_at') }} as converted_day,
        {{ to_utc_timestamp('created_at') }} as created_at,
        {{ to_utc_timestamp('converted_at') }} as converted_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
