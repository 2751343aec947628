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
                then greatest(goal_period - actual + unit_size / 2, unit_size)
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
            power(greatest(shaped.shifted_gap, 0) / nullif(shaped.shifted_rest, 0), 1e0 / 3)
            - 1 + 1 / (9 * shaped.shape)
        ) as goal_z
    from shaped
    cross join int_constants
)

select * from ranged
