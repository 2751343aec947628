with int_interventions as (
    select * from {{ ref('int_interventions') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
),

actuals as (
    select
        int_interventions.intervention_id,
        int_metrics__daily.date_day <= int_interventions.agreed_date as is_before,
        sum(int_metrics__daily.numerator) as numerator,
        sum(int_metrics__daily.denominator) as denominator
    from int_interventions
    inner join int_metrics__daily
        on
            int_interventions.rep_id = int_metrics__daily.rep_id
            and int_interventions.metric_id = int_metrics__daily.metric_id
            and int_interventions.before_start_date <= int_metrics__daily.date_day
            and int_interventions.after_end_date >= int_metrics__daily.date_day
    group by 1, 2
),

goals as (
    select
        int_interventions.intervention_id,
        int_goals__daily.date_day <= int_interventions.agreed_date as is_before,
        sum(int_goals__daily.daily_goal) as goal_sum,
        avg(int_goals__daily.goal) as goal_mean
    from int_interventions
    inner join int_goals__daily
        on
            int_interventions.rep_id = int_goals__daily.rep_id
            and int_interventions.metric_id = int_goals__daily.metric_id
            and int_interventions.before_start_date <= int_goals__daily.date_day
            and int_interventions.after_end_date >= int_goals__daily.date_day
    group by 1, 2
),

-- a ratio's or mean's goal is not spread over days: it is the mean of what held on them
reached as (
    select
        goals.intervention_id,
        goals.is_before,
        int_interventions.is_over,
        int_interventions.is_higher_better,
        case
            when int_interventions.is_additive then goals.goal_sum
            else goals.goal_mean
        end as goal,
        case
            when int_interventions.is_additive then coalesce(actuals.numerator, 0)
            else actuals.numerator / nullif(actuals.denominator, 0)
        end as actual
    from goals
    inner join int_interventions
        on goals.intervention_id = int_interventions.intervention_id
    left join actuals
        on
            goals.intervention_id = actuals.intervention_id
            and goals.is_before = actuals.is_before
),

attained as (
    select
        intervention_id,
        max(case when is_before then {{ attainment('actual', 'goal', 'is_higher_better') }} end)
            as attainment_before,
        max(
            case
                when is_over and not is_before
                    then {{ attainment('actual', 'goal', 'is_higher_better') }}
            end
        ) as attainment_after
    from reached
    group by 1
)

select * from attained
