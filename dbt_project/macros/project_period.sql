{#-
    CTEs from `relation` to where a period will end: its projection, the 80 % interval and the
    chance to reach the goal. Rules, section 6, pace; docs/projections.md.
    `relation` has: aggregation, is_higher_better, actual, goal_to_date, goal_period, dispersion,
    and earlier_actual, earlier_goal of the 13 weeks before the period. The result is the CTE
    `projected`: all columns of `relation` and projection, projection_low, projection_high,
    goal_probability.
-#}
{% macro project_period(relation) -%}
{#- the weight of the goal itself in the pace before the period, in expected events -#}
{%- set goal_weight = "5e0" -%}
{#- how far a pace drifts from one quarter to the next: its variance, as a share of the pace -#}
{%- set drift = "0.02e0" -%}
-- the pace before the period: the 13 weeks before, drawn to the goal where they say little
recalled as (
    select
        {{ relation }}.*,
        {{ relation }}.aggregation in ('count', 'sum') as is_summed,
        coalesce({{ relation }}.goal_period > {{ relation }}.goal_to_date, false) as is_running,
        case when {{ relation }}.aggregation = 'count' then 1e0 else {{ relation }}.dispersion end
            as unit_size,
        coalesce({{ relation }}.earlier_goal, 0) / nullif({{ relation }}.dispersion, 0)
        + {{ goal_weight }} as earlier_weight,
        greatest(coalesce({{ relation }}.earlier_actual, 0), 0)
        / nullif({{ relation }}.dispersion, 0) + {{ goal_weight }} as earlier_events
    from {{ relation }}
),

-- and the pace of the period so far, each with the weight of what is known about it
paced as (
    select
        recalled.*,
        1 / (1 / recalled.earlier_weight + {{ drift }})
        + recalled.goal_to_date / nullif(recalled.dispersion, 0) as pace_weight,
        recalled.earlier_events / recalled.earlier_weight
        / (1 / recalled.earlier_weight + {{ drift }})
        + greatest(recalled.actual, 0) / nullif(recalled.dispersion, 0) as pace_events,
        recalled.goal_period - recalled.goal_to_date as goal_remaining
    from recalled
),

expected as (
    select
        paced.*,
        paced.goal_remaining * paced.pace_events / paced.pace_weight as rest,
        paced.dispersion + paced.goal_remaining / paced.pace_weight as rest_dispersion
    from paced
),

-- the rest comes in whole events or deals. Half a unit more and it is close to a gamma variable,
-- whose first unit is the chance that nothing comes
shaped as (
    select
        expected.*,
        expected.rest + expected.unit_size / 2 as shifted_rest,
        power(expected.rest + expected.unit_size / 2, 2)
        / nullif(
            expected.rest * expected.rest_dispersion + power(expected.unit_size, 2) / 12, 0
        ) as shape,
        case
            when expected.aggregation <> 'count'
                then greatest(
                    expected.goal_period - expected.actual + expected.unit_size / 2,
                    expected.unit_size
                )
            when expected.is_higher_better
                then -floor(expected.actual - expected.goal_period + 1e-9)
            else floor(expected.goal_period - expected.actual + 1e-9) + 1
        end as shifted_gap
    from expected
),

ranged as (
    select
        shaped.*,
        {{ gamma_quantile('shaped.shifted_rest', 'shaped.shape', '(-1.2815515655e0)') }}
        - shaped.unit_size / 2 as rest_low,
        {{ gamma_quantile('shaped.shifted_rest', 'shaped.shape', '1.2815515655e0') }}
        - shaped.unit_size / 2 as rest_high,
        {{ gamma_quantile('shaped.shifted_rest', 'shaped.shape', '0.8416212336e0') }}
        - shaped.unit_size / 2 as rest_high_from_nothing,
        3 * sqrt(shaped.shape) * (
            power(greatest(shaped.shifted_gap, 0) / nullif(shaped.shifted_rest, 0), 1e0 / 3)
            - 1 + 1 / (9 * shaped.shape)
        ) as goal_z
    from shaped
),

-- an interval that begins with nothing more has its whole fifth above it
projected as (
    select
        ranged.*,
        case
            when not ranged.is_summed then null
            when ranged.is_running then ranged.actual + ranged.rest
            else ranged.actual
        end as projection,
        case
            when not ranged.is_summed then null
            when ranged.is_running and ranged.rest_low > 0 then ranged.actual + ranged.rest_low
            when ranged.is_running then ranged.actual + 0 * ranged.rest
            else ranged.actual
        end as projection_low,
        case
            when not ranged.is_summed then null
            when ranged.is_running and ranged.rest_low > 0 then ranged.actual + ranged.rest_high
            when ranged.is_running
                then
                    ranged.actual
                    + case
                        when ranged.rest_high_from_nothing > ranged.rest
                            then ranged.rest_high_from_nothing
                        else ranged.rest
                    end
            else ranged.actual
        end as projection_high,
        case
            when not ranged.is_summed or ranged.goal_period is null then null
            when ranged.is_higher_better and ranged.actual >= ranged.goal_period then 1e0
            when not ranged.is_higher_better and ranged.actual > ranged.goal_period then 0e0
            when not ranged.is_running then case when ranged.is_higher_better then 0e0 else 1e0 end
            when ranged.is_higher_better then 1e0 - ({{ normal_cdf('ranged.goal_z') }})
            else {{ normal_cdf('ranged.goal_z') }}
        end as goal_probability
    from ranged
)
{%- endmacro %}
