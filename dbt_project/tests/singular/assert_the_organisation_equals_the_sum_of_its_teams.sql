with scorecard_teams as (
    select * from {{ ref('scorecard_teams') }}
),

sums as (
    select
        metric_id,
        period_type,
        period_start,
        sum(case when team_scope = 'organisation' then actual else -actual end) as actual,
        sum(case when team_scope = 'organisation' then goal_period else -goal_period end)
            as goal_period,
        max(abs(actual)) as size,
        max(goal_period) as goal_size
    from scorecard_teams
    where aggregation in ('count', 'sum')
    group by 1, 2, 3
)

select * from sums
where
    -- each figure is settled to 1e-9, so that sums of many teams differ by more than that
    abs(actual) > 1e-6 * {{ higher_of('size', '1') }}
    or abs(coalesce(goal_period, 0)) > 1e-6 * {{ higher_of('goal_size', '1') }}
