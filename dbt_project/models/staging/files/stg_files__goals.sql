with source as (
    select * from {{ source('raw_files', 'goals') }}
),

renamed as (
    select
        {{ clean_text('goal_id') }} as goal_id,
        {{ clean_text('scope') }} as scope,
        {{ clean_text('scope_value') }} as scope_value,
        {{ clean_text('tier') }} as tier,
        {{ clean_text('metric_id') }} as metric_id,
        {{ clean_text('period') }} as period,
        {{ clean_text('timing') }} as timing,
        {{ to_number('goal') }} as goal,
        {{ to_date('valid_from') }} as valid_from,
        {{ to_date('valid_to') }} as valid_to,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
