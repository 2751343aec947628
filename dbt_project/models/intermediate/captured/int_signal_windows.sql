with int_settings as (
    select * from {{ ref('int_settings') }}
),

windows as (
    select
        {{ add_days(add_days(as_of_date(), 1), '-signal_days') }} as records_start
    from int_settings
)

select * from windows
