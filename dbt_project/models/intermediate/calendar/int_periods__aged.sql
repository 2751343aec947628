with int_periods as (
    select * from {{ ref('int_periods') }}
),

final as (
    select
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        row_number() over (partition by period_type order by period_start desc nulls last) as age
    from int_periods
)

select * from final
