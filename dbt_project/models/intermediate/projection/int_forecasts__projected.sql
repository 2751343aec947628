with int_forecasts__ranged as (
    select * from {{ ref('int_forecasts__ranged') }}
),

-- an interval that begins with nothing more has its whole fifth above it
projected as (
    select
        is_replay,
        rep_id,
        role,
        metric_id,
        period_type,
        period_start,
        is_higher_better,
        goal_period,
        share_elapsed,
        moments,
        outcome,
        actual + rest as projection,
        case when rest_low > 0 then actual + rest_low else actual + 0 * rest end
            as projection_low,
        case
            when rest_low > 0 then actual + rest_high
            when rest_high_from_nothing > rest then actual + rest_high_from_nothing
            else actual + rest
        end as projection_high,
        case
            when is_higher_better and actual >= goal_period then 1e0
            when not is_higher_better and actual > goal_period then 0e0
            when is_higher_better then 1e0 - ({{ normal_cdf('goal_z') }})
            else {{ normal_cdf('goal_z') }}
        end as goal_probability
    from int_forecasts__ranged
)

select * from projected
