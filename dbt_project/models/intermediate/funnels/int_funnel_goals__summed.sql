with int_funnel_reps__trusted as (
    select * from {{ ref('int_funnel_reps__trusted') }}
),

int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

int_window_days as (
    select * from {{ ref('int_window_days') }}
    where purpose = 'period'
),

int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
),

periods as (
    select distinct
        period_type,
        period_start
    from int_funnel_reps__trusted
),

-- a row for each day of a period, so that facts meet their periods by equality and not by a range
period_days as (
    select
        periods.period_type,
        periods.period_start,
        int_window_days.date_day
    from periods
    inner join int_window_days
        on
            periods.period_type = int_window_days.period_type
            and periods.period_start = int_window_days.period_start
),

funnel_metrics as (
    select distinct metric_id from int_funnel_metrics__placed
),

goals as (
    select
        period_days.period_type,
        period_days.period_start,
        int_goals__daily.rep_id,
        int_goals__daily.metric_id,
        sum(
            case
                when int_goals__daily.date_day <= {{ goals_due_date() }}
                    then int_goals__daily.daily_goal
                else 0
            end
        ) as goal
    from int_goals__daily
    inner join funnel_metrics
        on int_goals__daily.metric_id = funnel_metrics.metric_id
    inner join period_days
        on int_goals__daily.date_day = period_days.date_day
    where int_goals__daily.full_goal is not null
    group by 1, 2, 3, 4
),

-- without a goal on each channel the step has none
final as (
    select
        int_funnel_reps__trusted.rep_id,
        int_funnel_reps__trusted.period_type,
        int_funnel_reps__trusted.period_start,
        int_funnel_metrics__placed.step,
        {{ settle('sum(goals.goal)') }} as goal
    from int_funnel_reps__trusted
    inner join int_funnel_metrics__placed
        on int_funnel_reps__trusted.role = int_funnel_metrics__placed.role
    left join goals
        on
            int_funnel_reps__trusted.rep_id = goals.rep_id
            and int_funnel_reps__trusted.period_type = goals.period_type
            and int_funnel_reps__trusted.period_start = goals.period_start
            and int_funnel_metrics__placed.metric_id = goals.metric_id
    group by 1, 2, 3, 4
    having count(goals.goal) = count(*)
)

select * from final
