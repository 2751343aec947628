with int_opportunity_events as (
    select * from {{ ref('int_opportunity_events') }}
),

events as (
    select
        rep_id,
        date_day,
        event_type,
        {{ exact_sum('split_ratio') }} as event_count,
        {{ exact_sum(
            'case when company_amount is not null then split_ratio end'
        ) }} as amount_count,
        {{ exact_sum('case when days is not null then split_ratio end') }}
            as days_count,
        {{ exact_sum('split_ratio * company_amount') }} as amount,
        {{ exact_sum(
            'split_ratio * company_amount'
            ' * split_ratio * company_amount',
            decimals=6
        ) }} as credit_squared,
        {{ exact_sum(
            'split_ratio * company_amount * company_amount',
            decimals=6
        ) }} as amount_squared,
        {{ exact_sum('split_ratio * days') }} as days,
        {{ exact_sum('split_ratio * days * days') }}
            as days_squared
    from int_opportunity_events
    group by 1, 2, 3
)

select * from events
