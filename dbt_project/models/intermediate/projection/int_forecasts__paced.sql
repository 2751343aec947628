with int_forecasts__asked as (
    select * from {{ ref('int_forecasts__asked') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- the pace before the period: that of 13 weeks, shrunk to the goal where they have few events
recalled as (
    select
        int_forecasts__asked.*,
        int_constants.pace_drift,
        coalesce(int_forecasts__asked.earlier_goal, 0)
        / nullif(int_forecasts__asked.dispersion, 0) + int_constants.goal_weight
            as earlier_weight,
        greatest(coalesce(int_forecasts__asked.earlier_actual, 0), 0)
        / nullif(int_forecasts__asked.dispersion, 0) + int_constants.goal_weight
            as earlier_events
    from int_forecasts__asked
    cross join int_constants
),

-- and the pace of the period so far, each with the weight of what is known about it
paced as (
    select
        recalled.*,
        1 / (1 / recalled.earlier_weight + recalled.pace_drift)
        + recalled.goal_to_date / nullif(recalled.dispersion, 0) as pace_weight,
        recalled.earlier_events / recalled.earlier_weight
        / (1 / recalled.earlier_weight + recalled.pace_drift)
        + greatest(recalled.actual, 0) / nullif(recalled.dispersion, 0) as pace_events,
        recalled.goal_period - recalled.goal_to_date as goal_remaining
    from recalled
),

final as (
    select
        is_replay,
        rep_id,
        role,
        metric_id,
        period_type,
        period_start,
        aggregation,
        is_higher_better,
        actual,
        goal_period,
        share_elapsed,
        moments,
        outcome,
        case when aggregation = 'count' then 1e0 else dispersion end as unit_size,
        goal_remaining * pace_events / pace_weight as rest,
        dispersion + goal_remaining / pace_weight as rest_dispersion
    from paced
)

select * from final
