with source as (
    select * from {{ source('raw_files', 'reps') }}
),

renamed as (
    select
        {{ clean_text('rep_id') }} as rep_id,
        {{ clean_text('manager_id') }} as manager_id,
        {{ clean_text('rep_name') }} as rep_name,
        {{ clean_text('email') }} as email,
        {{ clean_text('team') }} as team,
        {{ clean_text('region') }} as region,
        {{ clean_text('role') }} as role,
        {{ clean_text('tier') }} as tier,
        {{ clean_text('calendar') }} as calendar,
        {{ clean_text('time_zone') }} as time_zone,
        {{ to_number('fte') }} as fte,
        {{ to_date('hire_date') }} as hire_date,
        {{ to_date('end_date') }} as end_date,
        {{ to_date('valid_from') }} as valid_from,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
