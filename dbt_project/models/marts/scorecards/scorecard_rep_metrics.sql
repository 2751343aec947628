with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

int_metrics__daily as {{ not_held() }}(
    select * from {{ ref('int_metrics__daily') }}
),

int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_levels__resolved as (
    select * from {{ ref('int_levels__resolved') }}
),

int_activity_metrics as (
    select * from {{ ref('int_activity_metrics') }}
),

fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

actuals as {{ not_held() }}(
    select
        rep_id,
        metric_id,
        date_day,
        numerator,
        denominator,
        sum_of_squares
    from int_metrics__daily
),

goals as {{ not_held() }}(
    select
        rep_id,
        metric_id,
        date_day,
        case when date_day <= {{ goals_due_date() }} then daily_goal else 0 * daily_goal end
            as goal_to_date,
        daily_goal as goal_period
    from fct_goals_daily
    where full_goal is not null
),

{{ sum_by_period('actuals', ['rep_id', 'metric_id'], {
    'numerator': 'sum', 'denominator': 'sum', 'sum_of_squares': 'sum',
}) }},

{{ sum_by_period('goals', ['rep_id', 'metric_id'], {
    'goal_to_date': 'sum', 'goal_period': 'sum',
}) }},

-- how a rep did in the 13 weeks before a running period is where its projection starts
running_periods as (
    select
        period_type,
        period_start
    from int_periods
    where is_current and period_type in ('week', 'month', 'quarter', 'year')
),

-- a row for each of these days: joined by a range instead, all actuals and goals would be sorted
earlier_days as (
    select
        running_periods.period_type,
        int_dates.date_day
    from running_periods
    inner join int_dates
        on
            int_dates.date_day >= {{ add_days('running_periods.period_start', -91) }}
            and int_dates.date_day < running_periods.period_start
),

earlier_actuals as (
    select
        earlier_days.period_type,
        actuals.rep_id,
        actuals.metric_id,
        sum(actuals.numerator) as actual
    from actuals
    inner join earlier_days
        on actuals.date_day = earlier_days.date_day
    group by 1, 2, 3
),

-- goals before the first record are no pace: a young company did not do nothing before it began
first_record as (
    select min(date_day) as date_day from int_metrics__daily
),

earlier_goals as (
    select
        earlier_days.period_type,
        goals.rep_id,
        goals.metric_id,
        sum(goals.goal_period) as goal
    from goals
    inner join earlier_days
        on goals.date_day = earlier_days.date_day
    inner join first_record
        on goals.date_day >= first_record.date_day
    group by 1, 2, 3
),

cards as (
    select
        int_rep_periods.rep_id,
        int_rep_periods.rep_name,
        int_rep_periods.team,
        int_rep_periods.region,
        int_rep_periods.role,
        int_rep_periods.tier,
        int_rep_periods.manager_id,
        int_rep_periods.rep_version_id,
        int_rep_periods.reference_date,
        int_rep_periods.period_type,
        int_rep_periods.period_id,
        int_rep_periods.period_start,
        int_rep_periods.period_end,
        int_rep_periods.is_current,
        int_rep_periods.capacity_days,
        int_rep_periods.capacity_days_remaining,
        int_rep_periods.coverage_ratio,
        int_rep_periods.team_coverage_ratio,
        int_rep_periods.usual_coverage_ratio,
        int_rep_periods.work_days,
        int_scorecard_metrics__resolved.metric_id,
        int_scorecard_metrics__resolved.metric_kind,
        int_scorecard_metrics__resolved.weight,
        int_scorecard_metrics__resolved.sort_order,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation,
        metrics.aggregation in ('count', 'sum') as is_additive,
        metrics.is_higher_better
    from int_rep_periods
    inner join int_scorecard_metrics__resolved
        on
            int_rep_periods.role = int_scorecard_metrics__resolved.role
            and int_rep_periods.tier = int_scorecard_metrics__resolved.tier
    inner join metrics
        on int_scorecard_metrics__resolved.metric_id = metrics.metric_id
),

-- a ratio's or mean's goal applies as it stands on the last day that counts
measured as (
    select
        cards.*,
        case
            when cards.is_additive then {{ settle('coalesce(actuals_by_period.numerator, 0)') }}
            else actuals_by_period.numerator / nullif(actuals_by_period.denominator, 0)
        end as actual,
        case
            when cards.is_additive then {{ settle('goals_by_period.goal_to_date') }}
            else int_rep_goals__resolved.goal
        end as goal_to_date,
        case
            when cards.is_additive then {{ settle('goals_by_period.goal_period') }}
            else int_rep_goals__resolved.goal
        end as goal_period,
        case
            when cards.is_additive then {{ settle('coalesce(actuals_by_period.numerator, 0)') }}
            else actuals_by_period.numerator
        end as numerator,
        actuals_by_period.denominator,
        actuals_by_period.sum_of_squares,
        int_dispersions.dispersion,
        earlier_actuals.actual as earlier_actual,
        earlier_goals.goal as earlier_goal,
        int_activity_metrics.metric_id is not null
        and cards.work_days >= int_settings.suspect_min_capacity_days
        and (
            cards.coverage_ratio < int_settings.suspect_coverage_ratio * cards.team_coverage_ratio
            -- or the whole team fell silent, and the rep with it
            or coalesce(
                greatest(cards.coverage_ratio, cards.team_coverage_ratio)
                < int_settings.suspect_coverage_ratio * cards.usual_coverage_ratio, false
            )
        ) as is_suspect
    from cards
    cross join int_settings
    left join actuals_by_period
        on
            cards.rep_id = actuals_by_period.rep_id
            and cards.metric_id = actuals_by_period.metric_id
            and cards.period_type = actuals_by_period.period_type
            and cards.period_start = actuals_by_period.period_start
    left join goals_by_period
        on
            cards.rep_id = goals_by_period.rep_id
            and cards.metric_id = goals_by_period.metric_id
            and cards.period_type = goals_by_period.period_type
            and cards.period_start = goals_by_period.period_start
    left join int_rep_goals__resolved
        on
            cards.rep_version_id = int_rep_goals__resolved.rep_version_id
            and cards.metric_id = int_rep_goals__resolved.metric_id
            and cards.reference_date >= int_rep_goals__resolved.valid_from
            and cards.reference_date < int_rep_goals__resolved.valid_to
    left join int_dispersions
        on
            cards.metric_id = int_dispersions.metric_id
            and cards.role = int_dispersions.role
            and not int_dispersions.is_organisation
    left join int_activity_metrics
        on cards.metric_id = int_activity_metrics.metric_id
    left join earlier_actuals
        on
            cards.is_current
            and cards.rep_id = earlier_actuals.rep_id
            and cards.metric_id = earlier_actuals.metric_id
            and cards.period_type = earlier_actuals.period_type
    left join earlier_goals
        on
            cards.is_current
            and cards.rep_id = earlier_goals.rep_id
            and cards.metric_id = earlier_goals.metric_id
            and cards.period_type = earlier_goals.period_type
),

{{ score_evidence('measured') }},

{{ project_period('evidenced') }},

final as (
    select
        {{ as_of_date() }} as as_of_date,
        rep_id,
        rep_name,
        team,
        region,
        role,
        tier,
        manager_id,
        metric_id,
        metric_name,
        unit,
        aggregation,
        is_higher_better,
        metric_kind,
        weight,
        sort_order,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        actual,
        goal_to_date,
        goal_period,
        attainment,
        numerator,
        denominator,
        dispersion,
        level,
        evidence,
        z_score,
        status,
        projection,
        projection_low,
        projection_high,
        goal_probability,
        case
            when is_additive and is_current and capacity_days_remaining > 0
                then greatest(goal_period - actual, 0) / capacity_days_remaining
        end as needed_per_day,
        capacity_days,
        capacity_days_remaining,
        coverage_ratio,
        team_coverage_ratio
    from projected
)

select * from final
