with int_periods as (
    select * from {{ ref('int_periods') }}
),

period_types as (
    select * from {{ ref('period_types') }}
),

final as (
    select
        int_periods.period_type,
        int_periods.period_start,
        int_periods.period_end,
        period_types.kind,
        period_types.days,
        period_types.periods_per_year,
        period_types.is_diagnosed,
        row_number() over (
            partition by int_periods.period_type
            order by int_periods.period_start desc nulls last
        ) as age
    from int_periods
    inner join period_types
        on int_periods.period_type = period_types.period_type
)

select * from final
