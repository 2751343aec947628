with exchange_rates as (
    select * from {{ ref('exchange_rates') }}
),

ranged as (
    select
        upper(currency) as currency,
        valid_from,
        lead(valid_from, 1, cast('9999-12-31' as date)) over (
            partition by upper(currency) order by valid_from asc nulls last
        ) as valid_to,
        rate
    from exchange_rates
)

select * from ranged
