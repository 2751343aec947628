with int_replays__sampled as (
    select * from {{ ref('int_replays__sampled') }}
),

int_replays__remembered as (
    select * from {{ ref('int_replays__remembered') }}
),

int_metrics__by_window as (
    select * from {{ ref('int_metrics__by_window') }}
    where scope = 'rep' and purpose = 'period'
),

-- what was known before the period and at the end of its first, second and third quarter
known as (
    select
        int_replays__sampled.*,
        {{ settle('coalesce(int_metrics__by_window.numerator, 0)') }} as outcome,
        {{ settle('int_metrics__by_window.goal_period') }} as goal_period,
        {% for share in [1, 2, 3] %}
        {{ settle(
            'int_replays__remembered.quarter_' ~ share
            ~ '_goal - int_replays__remembered.start_goal'
        ) }} as goal_{{ share }},
        {{ settle(
            'int_replays__remembered.quarter_' ~ share
            ~ '_actual - int_replays__remembered.start_actual'
        ) }} as actual_{{ share }},
        {% endfor %}
        {{ settle('int_replays__remembered.start_goal - int_replays__remembered.earlier_goal') }}
            as earlier_goal,
        {{ settle(
            'int_replays__remembered.start_actual - int_replays__remembered.earlier_actual'
        ) }} as earlier_actual
    from int_replays__sampled
    inner join int_replays__remembered
        on
            int_replays__sampled.rep_id = int_replays__remembered.rep_id
            and int_replays__sampled.metric_id = int_replays__remembered.metric_id
            and int_replays__sampled.period_type = int_replays__remembered.period_type
            and int_replays__sampled.period_start = int_replays__remembered.period_start
    inner join int_metrics__by_window
        on
            int_replays__sampled.rep_id = int_metrics__by_window.scope_id
            and int_replays__sampled.metric_id = int_metrics__by_window.metric_id
            and int_replays__sampled.period_type = int_metrics__by_window.period_type
            and int_replays__sampled.period_start = int_metrics__by_window.period_start
),

-- a goal that is due up to a rounding error leaves nothing to forecast
counted as (
    select
        known.*,
        case when known.goal_1 < known.goal_period * (1 - 1e-9) then 1 else 0 end
        + case when known.goal_2 < known.goal_period * (1 - 1e-9) then 1 else 0 end
        + case when known.goal_3 < known.goal_period * (1 - 1e-9) then 1 else 0 end as moments
    from known
),

final as (
    {% for share in [1, 2, 3] %}
    select
        rep_id,
        role,
        metric_id,
        period_type,
        period_start,
        aggregation,
        is_higher_better,
        actual_{{ share }} as actual,
        goal_{{ share }} as goal_to_date,
        goal_period,
        dispersion,
        earlier_actual,
        earlier_goal,
        {{ share }} / 4e0 as share_elapsed,
        moments,
        outcome
    from counted
    where goal_{{ share }} < goal_period * (1 - 1e-9)
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from final
