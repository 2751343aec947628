{{ config(enabled=is_source_enabled('salesforce'), group='salesforce', access='private') }}

with source as (
    select * from {{ source('raw_salesforce', 'forecasting_quota') }}
),

renamed as (
    select
        {{ clean_text('id') }} as quota_id,
        {{ clean_text('quota_owner_id') }} as owner_id,
        {{ clean_text('forecasting_type_id') }} as forecasting_type_id,
        {{ clean_text('currency_iso_code') }} as currency,
        lower({{ clean_text('period_type') }}) as period,
        {{ to_number('quota_amount') }} as amount,
        coalesce({{ to_date('period_start_date') }}, {{ to_date('start_date') }}) as start_date,
        {{ to_date('period_end_date') }} as end_date,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
