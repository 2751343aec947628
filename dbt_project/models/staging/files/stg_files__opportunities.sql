with source as (
    select * from {{ source('raw_files', 'opportunities') }}
),

renamed as (
    select
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('rep_id') }} as rep_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('lead_id') }} as lead_id,
        {{ clean_text('opportunity_type') }} as opportunity_type,
        {{ clean_text('stage') }} as stage,
        {{ clean_text('currency') }} as currency,
        {{ to_number('amount') }} as amount,
        {{ is_true('is_closed') }} as is_closed,
        {{ is_true('is_won') }} as is_won,
        {{ to_date('close_date') }} as close_date,
        {{ bare_day('created_at') }} as created_day,
        {{ to_utc_timestamp('created_at') }} as created_at,
        {{ to_utc_timestamp('updated_at') }} as updated_at,
        {{ to_utc_timestamp('_modified_at') }} as modified_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
