with source as (
    select * from {{ source('raw_files', 'opportunity_stage_changes') }}
),

renamed as (
    select
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('from_stage') }} as from_stage,
        {{ clean_text('to_stage') }} as to_stage,
        {{ bare_day('changed_at') }} as changed_day,
        {{ to_utc_timestamp('changed_at') }} as changed_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
