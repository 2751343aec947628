with int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

fct_goals_daily as {{ not_held() }}(
    select * from {{ ref('fct_goals_daily') }}
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_levels__resolved as (
    select * from {{ ref('int_levels__resolved') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- a goal that applies holds on days off as well, so the join keeps what was done on them
actuals as (
    select
        int_metrics__placed.team,
        int_metrics__placed.metric_id,
        int_metrics__placed.date_day,
        sum(int_metrics__placed.numerator) as numerator,
        sum(int_metrics__placed.denominator) as denominator,
        sum(
            case
                when int_metrics__placed.rep_id = 'unassigned' then int_metrics__placed.numerator
                else 0
            end
        ) as unassigned_actual,
        {% for column, name in {
            "numerator": "numerator_with_goal",
            "denominator": "denominator_with_goal",
            "sum_of_squares": "sum_of_squares",
        }.items() %}
        sum(case when fct_goals_daily.goal_id is not null then int_metrics__placed.{{ column }} end)
            as {{ name }},
        {% endfor %}
        sum(fct_goals_daily.goal * int_metrics__placed.denominator) as weighed_goal
    from int_metrics__placed
    left join fct_goals_daily
        on
            int_metrics__placed.rep_id = fct_goals_daily.rep_id
            and int_metrics__placed.metric_id = fct_goals_daily.metric_id
            and int_metrics__placed.date_day = fct_goals_daily.date_day
    group by 1, 2, 3
),

goals as (
    select
        team,
        metric_id,
        date_day,
        sum(case when date_day <= {{ goals_due_date() }} then daily_goal else 0 * daily_goal end)
            as goal_to_date,
        sum(daily_goal) as goal_period
    from fct_goals_daily
    where full_goal is not null
    group by 1, 2, 3
),

{{ sum_by_period('actuals', ['team', 'metric_id'], {
    'numerator': 'sum', 'denominator': 'sum', 'unassigned_actual': 'sum',
    'numerator_with_goal': 'sum', 'denominator_with_goal': 'sum', 'sum_of_squares': 'sum',
    'weighed_goal': 'sum',
}) }},

{{ sum_by_period('goals', ['team', 'metric_id'], {
    'goal_to_date': 'sum', 'goal_period': 'sum',
}) }},

rep_counts as (
    select
        period_type,
        period_start,
        team,
        count(distinct rep_id) as rep_count
    from int_rep_periods
    group by 1, 2, 3
),

combinations as (
    select
        period_type,
        period_start,
        team,
        metric_id
    from actuals_by_period
    union
    select
        period_type,
        period_start,
        team,
        metric_id
    from goals_by_period
),

teams as (
    select
        'team' as team_scope,
        combinations.team,
        combinations.metric_id,
        combinations.period_type,
        combinations.period_start,
        rep_counts.rep_count,
        actuals_by_period.numerator,
        actuals_by_period.denominator,
        actuals_by_period.unassigned_actual,
        actuals_by_period.numerator_with_goal,
        actuals_by_period.denominator_with_goal,
        actuals_by_period.sum_of_squares,
        actuals_by_period.weighed_goal,
        goals_by_period.goal_to_date,
        goals_by_period.goal_period
    from combinations
    left join actuals_by_period
        on
            combinations.period_type = actuals_by_period.period_type
            and combinations.period_start = actuals_by_period.period_start
            and combinations.team = actuals_by_period.team
            and combinations.metric_id = actuals_by_period.metric_id
    left join goals_by_period
        on
            combinations.period_type = goals_by_period.period_type
            and combinations.period_start = goals_by_period.period_start
            and combinations.team = goals_by_period.team
            and combinations.metric_id = goals_by_period.metric_id
    left join rep_counts
        on
            combinations.period_type = rep_counts.period_type
            and combinations.period_start = rep_counts.period_start
            and combinations.team = rep_counts.team
),

all_rep_counts as (
    select
        period_type,
        period_start,
        count(distinct rep_id) as rep_count
    from int_rep_periods
    group by 1, 2
),

organisation as (
    select
        'organisation' as team_scope,
        'All teams' as team,
        teams.metric_id,
        teams.period_type,
        teams.period_start,
        max(all_rep_counts.rep_count) as rep_count,
        sum(teams.numerator) as numerator,
        sum(teams.denominator) as denominator,
        sum(teams.unassigned_actual) as unassigned_actual,
        sum(teams.numerator_with_goal) as numerator_with_goal,
        sum(teams.denominator_with_goal) as denominator_with_goal,
        sum(teams.sum_of_squares) as sum_of_squares,
        sum(teams.weighed_goal) as weighed_goal,
        sum(teams.goal_to_date) as goal_to_date,
        sum(teams.goal_period) as goal_period
    from teams
    left join all_rep_counts
        on
            teams.period_type = all_rep_counts.period_type
            and teams.period_start = all_rep_counts.period_start
    group by 3, 4, 5
),

unioned as (
    select * from teams
    union all
    select * from organisation
),

-- what has no goal is in the total, but attainment and evidence leave it out: a team is not ahead
-- because people do what nobody asked of them
measured as (
    select
        unioned.team_scope,
        unioned.team,
        '' as role,
        unioned.metric_id,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation,
        metrics.is_higher_better,
        metrics.sort_order,
        int_periods.period_type,
        int_periods.period_id,
        int_periods.period_start,
        int_periods.period_end,
        int_periods.is_current,
        coalesce(unioned.rep_count, 0) as rep_count,
        case
            when metrics.aggregation in ('count', 'sum')
                then {{ settle('coalesce(unioned.numerator, 0)') }}
            else unioned.numerator / nullif(unioned.denominator, 0)
        end as total_actual,
        case
            when metrics.aggregation in ('count', 'sum')
                then {{ settle('coalesce(unioned.numerator, 0)') }}
            else unioned.numerator
        end as total_numerator,
        unioned.denominator as total_denominator,
        case
            when metrics.aggregation not in ('count', 'sum')
                then unioned.numerator_with_goal / nullif(unioned.denominator_with_goal, 0)
            when unioned.goal_period is not null
                then {{ settle('coalesce(unioned.numerator_with_goal, 0)') }}
        end as actual,
        case
            when metrics.aggregation in ('count', 'sum')
                then {{ settle('unioned.goal_to_date') }}
            else unioned.weighed_goal / nullif(unioned.denominator_with_goal, 0)
        end as goal_to_date,
        case
            when metrics.aggregation in ('count', 'sum')
                then {{ settle('unioned.goal_period') }}
            else unioned.weighed_goal / nullif(unioned.denominator_with_goal, 0)
        end as goal_period,
        unioned.numerator_with_goal as numerator,
        unioned.denominator_with_goal as denominator,
        unioned.sum_of_squares,
        int_dispersions.dispersion,
        false as is_suspect,
        case
            when metrics.aggregation in ('count', 'sum') then coalesce(unioned.unassigned_actual, 0)
        end as unassigned_actual
    from unioned
    inner join metrics
        on unioned.metric_id = metrics.metric_id
    inner join int_periods
        on
            unioned.period_type = int_periods.period_type
            and unioned.period_start = int_periods.period_start
    left join int_dispersions
        on
            unioned.metric_id = int_dispersions.metric_id
            and int_dispersions.is_organisation
),

{{ score_evidence('measured') }}

select
    {{ as_of_date() }} as as_of_date,
    team_scope,
    team,
    metric_id,
    metric_name,
    unit,
    aggregation,
    is_higher_better,
    sort_order,
    period_type,
    period_id,
    period_start,
    period_end,
    is_current,
    rep_count,
    total_actual as actual,
    actual as actual_with_goal,
    goal_to_date,
    goal_period,
    attainment,
    total_numerator as numerator,
    total_denominator as denominator,
    dispersion,
    level,
    evidence,
    z_score,
    status,
    unassigned_actual
from evidenced
