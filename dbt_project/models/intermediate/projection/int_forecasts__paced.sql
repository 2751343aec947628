with int_rep_scores__measured as (
    select * from {{ ref('int_rep_scores__measured') }}
    where
        purpose = 'period'
        and aggregation in ('count', 'sum')
        and goal_period > goal_to_date
),

int_metrics__by_window as (
    select * from {{ ref('int_metrics__by_window') }}
    where scope = 'rep' and purpose = 'before'
),

int_replays as (
    select * from {{ ref('int_replays') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- what is known of a running period, as of the closed ones that are replayed
known as (
    select
        false as is_replay,
        int_rep_scores__measured.scope_id as rep_id,
        int_rep_scores__measured.role,
        int_rep_scores__measured.metric_id,
        int_rep_scores__measured.period_type,
        int_rep_scores__measured.period_start,
        int_rep_scores__measured.aggregation,
        int_rep_scores__measured.is_higher_better,
        int_rep_scores__measured.actual,
        int_rep_scores__measured.goal_to_date,
        int_rep_scores__measured.goal_period,
        int_rep_scores__measured.judged_actual,
        int_rep_scores__measured.judged_goal,
        int_rep_scores__measured.dispersion,
        int_metrics__by_window.numerator_judged as earlier_actual,
        int_metrics__by_window.goal_judged as earlier_goal,
        cast(null as {{ type_double() }}) as share_elapsed,
        cast(null as integer) as moments,
        cast(null as {{ type_double() }}) as outcome
    from int_rep_scores__measured
    left join int_metrics__by_window
        on
            int_rep_scores__measured.scope_id = int_metrics__by_window.scope_id
            and int_rep_scores__measured.metric_id = int_metrics__by_window.metric_id
            and int_rep_scores__measured.period_type = int_metrics__by_window.period_type
            and int_rep_scores__measured.period_start = int_metrics__by_window.period_start
    union all
    select
        true as is_replay,
        rep_id,
        role,
        metric_id,
        period_type,
        period_start,
        aggregation,
        is_higher_better,
        actual,
        goal_to_date,
        goal_period,
        actual as judged_actual,
        goal_to_date as judged_goal,
        dispersion,
        earlier_actual,
        earlier_goal,
        share_elapsed,
        moments,
        outcome
    from int_replays
),

-- the pace before the period: that of 13 weeks, shrunk to the goal where they have few events
recalled as (
    select
        known.*,
        int_constants.pace_drift,
        coalesce(known.earlier_goal, 0) / nullif(known.dispersion, 0) + int_constants.goal_weight
            as earlier_weight,
        {{ higher_of('coalesce(known.earlier_actual, 0)', '0') }} / nullif(known.dispersion, 0)
        + int_constants.goal_weight as earlier_events
    from known
    cross join int_constants
),

-- and the pace of the period so far, as far as it was captured, each with
-- the weight of what is known about it
paced as (
    select
        recalled.*,
        1 / (1 / recalled.earlier_weight + recalled.pace_drift)
        + recalled.judged_goal / nullif(recalled.dispersion, 0) as pace_weight,
        recalled.earlier_events / recalled.earlier_weight
        / (1 / recalled.earlier_weight + recalled.pace_drift)
        + {{ higher_of('recalled.judged_actual', '0') }} / nullif(recalled.dispersion, 0)
            as pace_events,
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
