with int_funnels__chained as (
    select * from {{ ref('int_funnels__chained') }}
),

results as (
    select
        rep_id,
        rep_name,
        team,
        role,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        metric_id,
        step_name as result_name,
        unit,
        goal is not null as has_goal,
        actual,
        coalesce(goal, expected) as reference
    from int_funnels__chained
    where step = last_step
),

-- a miss that does not show in whole units is none
final as (
    select
        results.*,
        actual - reference as gap
    from results
    where floor(actual + 0.5e0) < floor(reference + 0.5e0)
)

select * from final
