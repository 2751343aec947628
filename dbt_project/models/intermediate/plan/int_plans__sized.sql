-- the command `scorecard plan` runs this file as well, on the published unit plan
with int_unit_plans__joined as (
    select * from {{ ref('int_unit_plans__joined') }}
),

-- a result with mean m varies by about m x result_dispersion (events that come by chance, each of
-- its own size): the mean to aim at for a target T, with quantile z of the chance, solves
-- m - z sqrt(m x result_dispersion) = T
means as (
    select
        int_unit_plans__joined.*,
        power(
            (
                normal_quantile * sqrt(result_dispersion)
                + sqrt(
                    normal_quantile * normal_quantile * result_dispersion + 4 * result_target
                )
            ) / 2, 2
        ) as result_mean
    from int_unit_plans__joined
),

volumes as (
    select
        means.*,
        result_mean * events_per_result * channel_share as events_per_year
    from means
),

daily as (
    select
        volumes.*,
        events_per_year / nullif(reps * capacity_days_per_rep, 0) as events_per_day
    from volumes
),

final as (
    select
        daily.*,
        events_per_year / 12 as events_per_month,
        events_per_year / nullif(reps, 0) as events_per_rep,
        -- the goal of someone who works full time and takes no leave: leave is taken off each day
        events_per_day * working_days as full_time_goal,
        case
            when events_per_day <= median_per_day then 'feasible'
            when events_per_day <= top_quartile_per_day then 'ambitious'
            when events_per_day is not null and top_quartile_per_day is not null
                then 'not_feasible'
        end as feasibility
    from daily
)

select * from final
