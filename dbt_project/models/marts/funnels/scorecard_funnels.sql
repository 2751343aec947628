with int_funnels__chained as (
    select * from {{ ref('int_funnels__chained') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        rep_id,
        rep_name,
        team,
        role,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        step,
        last_step,
        metric_id,
        step_name,
        aggregation,
        unit,
        leading_rate_metric_id,
        rate_name,
        leading_step,
        actual,
        goal,
        expected,
        peer_steps,
        peer_scope,
        peer_count
    from int_funnels__chained
)

select * from final
