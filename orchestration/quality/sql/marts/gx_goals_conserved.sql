-- what: A goal that must be met as a sum is spread over its period without loss: seasons
--     and holidays move it between days and never change it.
-- severity: error
-- table: fct_goals_daily
-- column: full_goal
-- expected: sum of full_goal over a whole period = goal
-- absent: no goal to be spread over a whole period in this company's policy

-- whole periods that one goal covers from the first to the last day, this year and the year before
with goals as (
    select goal_id, metric_id, period, goal
    from marts.dim_goals
    where timing = 'redistribute' and period in ('week', 'month', 'quarter', 'year')
),

days as (
    select
        goal_days.rep_id,
        goal_days.metric_id,
        goal_days.goal_id,
        goals.goal,
        goal_days.full_goal,
        goal_days.working,
        case goals.period
            when 'week' then dim_dates.week_start_date
            when 'month' then dim_dates.month_start_date
            when 'quarter' then dim_dates.quarter_start_date
            else dim_dates.year_start_date
        end as period_start,
        case goals.period
            when 'week' then dim_dates.week_end_date
            when 'month' then dim_dates.month_end_date
            when 'quarter' then dim_dates.quarter_end_date
            else dim_dates.year_end_date
        end as period_end
    from marts.fct_goals_daily as goal_days
    inner join goals
        on goal_days.goal_id = goals.goal_id
    inner join marts.dim_metrics
        on
            goal_days.metric_id = dim_metrics.metric_id
            and dim_metrics.aggregation in ('count', 'sum')
    inner join marts.dim_dates
        on goal_days.date_day = dim_dates.date_day
    where
        goal_days.date_day >= (
            select year_start_date - 366 from marts.dim_dates where date_day = {{ as_of }}
        )
),

periods as (
    select
        goal_id,
        rep_id,
        period_start,
        max(goal) as goal,
        sum(full_goal) as full_goal
    from days
    group by goal_id, rep_id, metric_id, period_start, period_end
    having count(*) = period_end - period_start + 1 and sum(working) > 0
),

compared as (
    select
        *,
        agrees(coalesce(full_goal, 0), goal) as is_equal
    from periods
)

select
    goal_id as subject,
    coalesce(
        'rep ' || min(rep_id) filter (not is_equal) || ' has '
        || arg_min(full_goal, rep_id) filter (not is_equal) || ' in the period from '
        || arg_min(period_start, rep_id) filter (not is_equal),
        count(*) || ' periods add up'
    ) as observed,
    'the daily goals of a whole period add up to ' || max(goal) as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
