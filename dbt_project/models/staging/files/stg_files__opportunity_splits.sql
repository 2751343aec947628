with source as (
    select * from {{ source('raw_files', 'opportunity_splits') }}
),

renamed as (
    select
        {{ clean_text('opportunity_id') }} as opportunity_id,
        {{ clean_text('rep_id') }} as rep_id,
        {{ to_number('split_ratio') }} as split_ratio,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
