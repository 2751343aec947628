with int_forecasts__projected as (
    select * from {{ ref('int_forecasts__projected') }}
    where is_replay and goal_probability is not null
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- 1e-6 forgives the rounding of sums; where nothing was forecast, nothing is judged
judged as (
    select
        role,
        metric_id,
        period_type,
        share_elapsed,
        goal_probability,
        1e0 / moments as outcomes,
        cast({{ lower_of('floor(goal_probability * 10)', '9') }} as integer) as chance_bin,
        case
            when outcome >= projection_low - 1e-6 and outcome <= projection_high + 1e-6 then 1
            else 0
        end as held,
        case when outcome < projection_low - 1e-6 then 1 else 0 end as below,
        case
            when is_higher_better and outcome >= goal_period - 1e-6 then 1
            when not is_higher_better and outcome <= goal_period + 1e-6 then 1
            else 0
        end as reached
    from int_forecasts__projected
),

sliced as (
    select
        role,
        metric_id,
        period_type,
        share_elapsed,
        chance_bin,
        count(*) as forecasts,
        {{ settle('sum(outcomes)') }} as outcomes,
        sum(held) as held,
        sum(below) as below,
        avg(goal_probability) as mean_chance,
        sum(reached) as reached
    from judged
    group by grouping sets (
        (),
        (period_type),
        (period_type, share_elapsed),
        (role),
        (role, metric_id),
        (period_type, role, metric_id),
        (chance_bin),
        (period_type, chance_bin),
        (role, metric_id, chance_bin)
    )
),

rated as (
    select
        sliced.*,
        sliced.held / cast(sliced.forecasts as {{ type_double() }}) as coverage_ratio,
        sliced.reached / cast(sliced.forecasts as {{ type_double() }}) as reached_ratio
    from sliced
    where sliced.forecasts > 0
),

ranged_ratios as (
    select
        rated.*,
        int_constants.interval_ratio,
        int_constants.calibration_tolerance,
        int_constants.calibration_min_outcomes,
        {{ wilson_bound('(rated.coverage_ratio * rated.outcomes)', 'rated.outcomes', -1) }}
            as coverage_low,
        {{ wilson_bound('(rated.coverage_ratio * rated.outcomes)', 'rated.outcomes', 1) }}
            as coverage_high,
        {{ wilson_bound('(rated.reached_ratio * rated.outcomes)', 'rated.outcomes', -1) }}
            as reached_low,
        {{ wilson_bound('(rated.reached_ratio * rated.outcomes)', 'rated.outcomes', 1) }}
            as reached_high
    from rated
    cross join int_constants
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        case
            when chance_bin is not null and period_type is not null then 'chance_by_period_type'
            when chance_bin is not null and role is not null then 'chance_by_metric'
            when chance_bin is not null then 'chance'
            when share_elapsed is not null then 'moment'
            when metric_id is not null and period_type is not null then 'metric_by_period_type'
            when metric_id is not null then 'metric'
            when role is not null then 'role'
            when period_type is not null then 'period_type'
            else 'all'
        end as slice,
        role,
        metric_id,
        period_type,
        share_elapsed,
        chance_bin / 10e0 as chance_from,
        cast(forecasts as integer) as forecasts,
        outcomes,
        cast(held as integer) as held,
        cast(below as integer) as below,
        coverage_ratio,
        coverage_low,
        coverage_high,
        mean_chance,
        cast(reached as integer) as reached,
        reached_ratio,
        reached_low,
        reached_high,
        -- a few points matter, where chance alone does not explain them
        case
            when outcomes < calibration_min_outcomes then 'too_little_data'
            when
                chance_bin is not null
                and abs(reached_ratio - mean_chance) <= calibration_tolerance
                then 'holds'
            when chance_bin is not null and mean_chance < reached_low then 'too_low'
            when chance_bin is not null and mean_chance > reached_high then 'too_high'
            when
                chance_bin is not null
                or abs(coverage_ratio - interval_ratio) <= calibration_tolerance
                then 'holds'
            when coverage_high < interval_ratio then 'too_narrow'
            when coverage_low > interval_ratio then 'too_wide'
            else 'holds'
        end as verdict
    from ranged_ratios
)

select * from final
