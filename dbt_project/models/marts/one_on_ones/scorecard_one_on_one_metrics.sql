with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

int_metrics__daily as (
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

int_dates as (
    select * from {{ ref('int_dates') }}
),

weeks as (
    select
        period_start as week_start_date,
        period_end as week_end_date,
        period_id as week_id,
        is_current,
        least(period_end, {{ as_of_date() }}) as window_end_date,
        row_number() over (order by period_start desc nulls last) as age
    from (
        select distinct
            period_start,
            period_end,
            period_id,
            is_current
        from int_rep_periods
        where period_type = 'week'
    ) as distinct_weeks
),

-- the running week and the twelve before it, each now and as it was a week earlier
moments as (
    select
        week_start_date,
        window_end_date,
        false as is_week_before
    from weeks
    where age <= 13
    union all
    select
        week_start_date,
        {{ add_days('window_end_date', -7) }} as window_end_date,
        true as is_week_before
    from weeks
    where age <= 13
),

window_ends as (
    select distinct window_end_date
    from moments
),

-- a row for each day of a window, so that facts meet their windows by equality and not by a range
window_days as (
    select
        window_ends.window_end_date,
        int_dates.date_day
    from window_ends
    inner join int_dates
        on
            int_dates.date_day > {{ add_days('window_ends.window_end_date', -28) }}
            and int_dates.date_day <= window_ends.window_end_date
),

actuals as (
    select
        int_metrics__daily.rep_id,
        int_metrics__daily.metric_id,
        window_days.window_end_date,
        sum(int_metrics__daily.numerator) as numerator,
        sum(int_metrics__daily.denominator) as denominator,
        sum(int_metrics__daily.sum_of_squares) as sum_of_squares
    from int_metrics__daily
    inner join window_days
        on int_metrics__daily.date_day = window_days.date_day
    group by 1, 2, 3
),

goals as (
    select
        fct_goals_daily.rep_id,
        fct_goals_daily.metric_id,
        window_days.window_end_date,
        sum(
            case
                when fct_goals_daily.date_day <= {{ goals_due_date() }}
                    then fct_goals_daily.daily_goal
                else 0 * fct_goals_daily.daily_goal
            end
        ) as goal_to_date
    from fct_goals_daily
    inner join window_days
        on fct_goals_daily.date_day = window_days.date_day
    where fct_goals_daily.full_goal is not null
    group by 1, 2, 3
),

-- capture of activity over the weeks that a window touches
coverages as (
    select
        int_rep_periods.rep_id,
        window_ends.window_end_date,
        max(int_rep_periods.team) as team,
        cast(sum(int_rep_periods.work_days) as {{ type_double() }}) as work_days,
        cast(sum(int_rep_periods.captured_days) as {{ type_double() }}) as captured_days,
        max(int_rep_periods.usual_coverage_ratio) as usual_coverage_ratio
    from int_rep_periods
    inner join window_ends
        on
            int_rep_periods.period_end > {{ add_days('window_ends.window_end_date', -28) }}
            and int_rep_periods.period_start <= window_ends.window_end_date
    where int_rep_periods.period_type = 'week'
    group by 1, 2
),

compared as (
    select
        coverages.*,
        coverages.captured_days / nullif(coverages.work_days, 0) as coverage_ratio,
        sum(coverages.captured_days) over (partition by coverages.team, coverages.window_end_date)
        / nullif(
            sum(coverages.work_days) over (
                partition by coverages.team, coverages.window_end_date
            ), 0
        ) as team_coverage_ratio
    from coverages
),

suspects as (
    select
        compared.rep_id,
        compared.window_end_date,
        compared.coverage_ratio,
        compared.work_days >= int_settings.suspect_min_capacity_days
        and (
            compared.coverage_ratio
            < int_settings.suspect_coverage_ratio * compared.team_coverage_ratio
            or coalesce(
                greatest(compared.coverage_ratio, compared.team_coverage_ratio)
                < int_settings.suspect_coverage_ratio * compared.usual_coverage_ratio, false
            )
        ) as is_suspect
    from compared
    cross join int_settings
),

-- both moments are measured by the scorecard of the week: a promotion moves no status
cards as (
    select
        int_rep_periods.rep_id,
        int_rep_periods.rep_version_id,
        int_rep_periods.reference_date,
        int_rep_periods.role,
        int_rep_periods.period_start as week_start_date,
        moments.window_end_date,
        moments.is_week_before,
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
    inner join moments
        on int_rep_periods.period_start = moments.week_start_date
    inner join int_scorecard_metrics__resolved
        on
            int_rep_periods.role = int_scorecard_metrics__resolved.role
            and int_rep_periods.tier = int_scorecard_metrics__resolved.tier
    inner join metrics
        on int_scorecard_metrics__resolved.metric_id = metrics.metric_id
    where int_rep_periods.period_type = 'week'
),

measured as (
    select
        cards.*,
        case
            when cards.is_additive then {{ settle('coalesce(actuals.numerator, 0)') }}
            else actuals.numerator / nullif(actuals.denominator, 0)
        end as actual,
        case
            when cards.is_additive then {{ settle('goals.goal_to_date') }}
            else int_rep_goals__resolved.goal
        end as goal_to_date,
        case
            when cards.is_additive then {{ settle('goals.goal_to_date') }}
            else int_rep_goals__resolved.goal
        end as goal_period,
        case
            when cards.is_additive then {{ settle('coalesce(actuals.numerator, 0)') }}
            else actuals.numerator
        end as numerator,
        actuals.denominator,
        actuals.sum_of_squares,
        int_dispersions.dispersion,
        suspects.coverage_ratio,
        int_activity_metrics.metric_id is not null and suspects.is_suspect as is_suspect
    from cards
    left join actuals
        on
            cards.rep_id = actuals.rep_id
            and cards.metric_id = actuals.metric_id
            and cards.window_end_date = actuals.window_end_date
    left join goals
        on
            cards.rep_id = goals.rep_id
            and cards.metric_id = goals.metric_id
            and cards.window_end_date = goals.window_end_date
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
    left join suspects
        on
            cards.rep_id = suspects.rep_id
            and cards.window_end_date = suspects.window_end_date
    left join int_activity_metrics
        on cards.metric_id = int_activity_metrics.metric_id
),

{{ score_evidence('measured') }},

week_before as (
    select
        rep_id,
        week_start_date,
        metric_id,
        attainment,
        status
    from evidenced
    where is_week_before
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        evidenced.rep_id,
        weeks.week_id,
        weeks.week_start_date,
        weeks.is_current,
        {{ add_days('evidenced.window_end_date', -27) }} as window_start_date,
        evidenced.window_end_date,
        evidenced.metric_id,
        evidenced.metric_name,
        evidenced.metric_kind,
        evidenced.unit,
        evidenced.aggregation,
        evidenced.is_higher_better,
        evidenced.weight,
        evidenced.sort_order,
        evidenced.role,
        evidenced.actual,
        evidenced.goal_to_date,
        evidenced.attainment,
        evidenced.level,
        evidenced.evidence,
        evidenced.z_score,
        evidenced.status,
        evidenced.coverage_ratio,
        week_before.attainment as attainment_week_before,
        week_before.status as status_week_before
    from evidenced
    inner join weeks
        on evidenced.week_start_date = weeks.week_start_date
    left join week_before
        on
            evidenced.rep_id = week_before.rep_id
            and evidenced.week_start_date = week_before.week_start_date
            and evidenced.metric_id = week_before.metric_id
    where not evidenced.is_week_before
)

select * from final
