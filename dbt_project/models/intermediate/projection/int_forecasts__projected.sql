with int_forecasts__paced as (
    select * from {{ ref('int_forecasts__paced') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- the rest comes in whole events or deals. Half a unit more and it is close to a gamma variable,
-- whose first unit is the chance that nothing comes
shaped as (
    select
        int_forecasts__paced.*,
        rest + unit_size / 2 as shifted_rest,
        power(rest + unit_size / 2, 2)
        / nullif(rest * rest_dispersion + power(unit_size, 2) / 12, 0) as shape,
        case
            when aggregation <> 'count'
                then {{ higher_of('goal_period - actual + unit_size / 2', 'unit_size') }}
            when is_higher_better then -floor(actual - goal_period + 1e-9)
            else floor(goal_period - actual + 1e-9) + 1
        end as shifted_gap
    from int_forecasts__paced
),

ranged as (
    select
        shaped.*,
        {{ gamma_quantile('shaped.shifted_rest', 'shaped.shape', '(-int_constants.interval_z)') }}
        - shaped.unit_size / 2 as rest_low,
        {{ gamma_quantile('shaped.shifted_rest', 'shaped.shape', 'int_constants.interval_z') }}
        - shaped.unit_size / 2 as rest_high,
        {{ gamma_quantile(
            'shaped.shifted_rest', 'shaped.shape', 'int_constants.one_sided_interval_z'
        ) }}
        - shaped.unit_size / 2 as rest_high_from_nothing,
        3 * sqrt(shaped.shape) * (
            power(
                {{ higher_of('shaped.shifted_gap', '0') }} / nullif(shaped.shifted_rest, 0), 1e0 / 3
            )
            - 1 + 1 / (9 * shaped.shape)
        ) as goal_z
    from shaped
    cross join int_constants
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
    from ranged
)

select * from projected
