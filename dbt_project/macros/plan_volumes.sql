{#-
    CTEs from the unit plan to the plan of a target. `relation` has: result_target,
    normal_quantile (of the chance to reach it, 0 = even), events_per_result, channel_share,
    result_dispersion, reps, capacity_days_per_rep, working_days, median_per_day,
    top_quartile_per_day.
    The result is the CTE `planned`: all of that, and the volumes.
    A result with mean m varies by about m x result_dispersion (events that come by chance, each of
    its own size). The mean that reaches the target T with the chance of the quantile z solves
    m - z sqrt(m x result_dispersion) = T.
    The mart and the command `scorecard plan` both use this: the latter reads it from this file.
-#}
{% macro plan_volumes(relation) -%}
means as (
    select
        {{ relation }}.*,
        power(
            (
                {{ relation }}.normal_quantile * sqrt({{ relation }}.result_dispersion)
                + sqrt(
                    {{ relation }}.normal_quantile * {{ relation }}.normal_quantile * {{ relation }}.result_dispersion
                    + 4 * {{ relation }}.result_target
                )
            ) / 2, 2
        ) as result_mean
    from {{ relation }}
),

volumes as (
    select
        means.*,
        means.result_mean * means.events_per_result * means.channel_share as events_per_year
    from means
),

daily as (
    select
        volumes.*,
        volumes.events_per_year
        / nullif(volumes.reps * volumes.capacity_days_per_rep, 0) as events_per_day
    from volumes
),

planned as (
    select
        daily.*,
        daily.events_per_year / 12 as events_per_month,
        daily.events_per_year / nullif(daily.reps, 0) as events_per_rep,
        -- the goal of someone who works full time and takes no leave: leave is taken off each day
        daily.events_per_day * daily.working_days as full_time_goal,
        case
            when daily.events_per_day <= daily.median_per_day then 'feasible'
            when daily.events_per_day <= daily.top_quartile_per_day then 'ambitious'
            when daily.events_per_day is not null and daily.top_quartile_per_day is not null
                then 'not_feasible'
        end as feasibility
    from daily
)
{%- endmacro %}
