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

unioned as (
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
        int_rep_scores__measured.dispersion,
        int_metrics__by_window.numerator as earlier_actual,
        int_metrics__by_window.goal_period as earlier_goal,
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
        dispersion,
        earlier_actual,
        earlier_goal,
        share_elapsed,
        moments,
        outcome
    from int_replays
)

select * from unioned
