with source as (
    select * from {{ source('raw_files', 'time_off') }}
),

renamed as (
    select
        {{ clean_text('rep_id') }} as rep_id,
        {{ to_number('fraction') }} as fraction,
        {{ to_date('start_date') }} as start_date,
        {{ to_date('end_date') }} as end_date,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
