with int_goals__captured as (
    select * from {{ ref('int_goals__captured') }}
),

final as (
    select
        rep_id,
        metric_id,
        date_day,
        goal_id,
        goal,
        full_goal,
        working,
        season,
        employed,
        fte,
        ramp,
        leave,
        captured,
        daily_goal,
        team,
        role,
        tier,
        month_start_date
    from int_goals__captured
)

select * from final
