{#-
    CTEs from `relation` to where a period will end: its projection, the 80 % interval and the
    chance to reach the goal. Rules, section 6, pace.
    `relation` has: is_additive, is_higher_better, actual, goal_to_date, goal_period, dispersion,
    scaled_actual, scaled_goal (divided by the dispersion) and earlier_actual, earlier_goal of the
    13 weeks before the period. The result is the CTE `projected`: all columns of `relation` and
    projection, projection_low, projection_high, goal_probability.
-#}
{% macro project_period(relation) -%}
-- the rate of the period so far, shrunk to the rate of the 13 weeks before with a weight of ten
-- expected events; the rest of the period is then negative binomial
paced as (
    select
        {{ relation }}.*,
        (
            10 * case
                when coalesce({{ relation }}.earlier_goal, 0) > 0
                    then
                        greatest(coalesce({{ relation }}.earlier_actual, 0), 0)
                        / {{ relation }}.earlier_goal
                else 1
            end
            + greatest({{ relation }}.scaled_actual, 0)
        ) / (10 + {{ relation }}.scaled_goal) as rate,
        ({{ relation }}.goal_period - {{ relation }}.goal_to_date)
        / nullif({{ relation }}.dispersion, 0) as scaled_remaining
    from {{ relation }}
),

expected as (
    select
        paced.*,
        paced.is_additive and paced.scaled_remaining > 0 and paced.rate > 0 as is_running,
        paced.scaled_remaining * paced.rate as rest,
        paced.rate * paced.scaled_remaining
        / nullif(1 + paced.scaled_remaining / (10 + paced.scaled_goal), 0) as shape
    from paced
),

bounded as (
    select
        expected.*,
        case
            when not expected.is_additive then null
            when expected.is_running then expected.actual + expected.dispersion * expected.rest
            else expected.actual
        end as projection,
        case
            when not expected.is_additive then null
            when expected.is_running
                then
                    expected.actual
                    + expected.dispersion
                    * {{ gamma_quantile('expected.rest', 'expected.shape', '(-1.2815515655e0)') }}
            else expected.actual
        end as projection_low,
        case
            when not expected.is_additive then null
            when expected.is_running
                then
                    expected.actual
                    + expected.dispersion
                    * {{ gamma_quantile('expected.rest', 'expected.shape', '1.2815515655e0') }}
            else expected.actual
        end as projection_high,
        case
            when expected.is_running and expected.goal_period > expected.actual
                then
                    3 * sqrt(expected.shape) * (
                        power(
                            (expected.goal_period - expected.actual)
                            / nullif(expected.dispersion * expected.rest, 0), 1e0 / 3
                        )
                        - 1 + 1 / (9 * expected.shape)
                    )
        end as goal_z
    from expected
),

projected as (
    select
        bounded.*,
        case
            when not bounded.is_additive or bounded.goal_period is null then null
            when not bounded.is_running
                then
                    case
                        when (bounded.actual >= bounded.goal_period) = bounded.is_higher_better
                            then 1e0
                        else 0e0
                    end
            when bounded.actual >= bounded.goal_period
                then case when bounded.is_higher_better then 1e0 else 0e0 end
            when bounded.is_higher_better then 1e0 - ({{ normal_cdf('bounded.goal_z') }})
            else {{ normal_cdf('bounded.goal_z') }}
        end as goal_probability
    from bounded
)
{%- endmacro %}
