with source as (
    select * from {{ source('raw_files', 'interventions') }}
),

renamed as (
    select
        {{ clean_text('intervention_id') }} as intervention_id,
        {{ clean_text('rep_id') }} as rep_id,
        {{ clean_text('metric_id') }} as metric_id,
        {{ clean_text('action') }} as action,
        {{ clean_text('note') }} as note,
        {{ to_date('agreed_date') }} as agreed_date,
        {{ to_date('due_date') }} as due_date,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
