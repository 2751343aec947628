with source as (
    select * from {{ source('raw_files', 'activities') }}
),

renamed as (
    select
        {{ clean_text('activity_id') }} as activity_id,
        {{ clean_text('rep_id') }} as rep_id,
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('lead_id') }} as lead_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('activity_type') }} as activity_type,
        {{ clean_text('direction') }} as direction,
        {{ clean_text('outcome') }} as outcome,
        occurred_at as occurred_text,
        created_at as created_text,
        updated_at as updated_text,
        _modified_at as modified_text,
        {{ to_number('duration_seconds') }} as duration_seconds,
        {{ bare_day('occurred_at') }} as occurred_day,
        {{ to_utc_timestamp('occurred_at') }} as occurred_at,
        {{ to_utc_timestamp('created_at') }} as created_at,
        {{ to_utc_timestamp('updated_at') }} as updated_at,
        {{ to_utc_timestamp('_modified_at') }} as modified_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
