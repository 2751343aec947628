with int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_seasons__daily as (
    select * from {{ ref('int_seasons__daily') }}
),

int_goal_periods__weighed as (
    select * from {{ ref('int_goal_periods__weighed') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

employed_years as (
    select distinct
        int_rep_days.rep_id,
        int_dates.fiscal_year
    from int_rep_days
    inner join int_dates
        on int_rep_days.date_day = int_dates.date_day
    where int_rep_days.employed = 1
),

-- stretches of a rep's goal do not overlap: a rep, metric and day comes once
days as (
    select
        int_rep_days.rep_id,
        int_rep_goals__resolved.metric_id,
        int_rep_days.date_day,
        int_rep_goals__resolved.goal_id,
        int_rep_goals__resolved.goal,
        int_rep_goals__resolved.period,
        int_rep_goals__resolved.timing,
        int_rep_goals__resolved.is_additive,
        int_rep_days.team,
        int_rep_days.role,
        int_rep_days.tier,
        int_rep_days.region,
        int_rep_days.working,
        int_rep_days.employed,
        int_rep_days.fte,
        int_rep_days.ramp,
        int_rep_days.leave,
        int_dates.month_start_date,
        case int_rep_goals__resolved.period
            when 'week' then int_dates.week_start_date
            when 'month' then int_dates.month_start_date
            when 'quarter' then int_dates.quarter_start_date
            when 'year' then int_dates.year_start_date
        end as period_start
    from int_rep_days
    inner join int_dates
        on
            int_rep_days.date_day = int_dates.date_day
            and int_dates.is_in_history
    inner join employed_years
        on
            int_rep_days.rep_id = employed_years.rep_id
            and int_dates.fiscal_year = employed_years.fiscal_year
    inner join int_rep_goals__resolved
        on
            int_rep_days.rep_version_id = int_rep_goals__resolved.rep_version_id
            and int_rep_days.date_day >= int_rep_goals__resolved.valid_from
            and int_rep_days.date_day < int_rep_goals__resolved.valid_to
),

spread as (
    select
        days.rep_id,
        days.metric_id,
        days.date_day,
        days.goal_id,
        days.goal,
        case
            when days.goal_id is null or not days.is_additive then null
            when days.working = 0 then 0
            when days.period = 'day' and days.timing = 'relieve'
                then days.goal * int_seasons__daily.season
            when days.period = 'day' then days.goal
            when days.timing = 'relieve'
                then
                    days.goal / nullif(int_goal_periods__weighed.working_days, 0)
                    * int_seasons__daily.season
            else
                days.goal * int_seasons__daily.season
                / nullif(int_goal_periods__weighed.season_days, 0)
        end as full_goal,
        days.working,
        coalesce(int_seasons__daily.season, 1) as season,
        days.employed,
        days.fte,
        days.ramp,
        days.leave,
        days.team,
        days.role,
        days.tier,
        days.month_start_date
    from days
    left join int_seasons__daily
        on
            days.metric_id = int_seasons__daily.metric_id
            and days.role = int_seasons__daily.role
            and days.region = int_seasons__daily.region
            and days.date_day = int_seasons__daily.date_day
    left join int_goal_periods__weighed
        on
            days.rep_id = int_goal_periods__weighed.rep_id
            and days.metric_id = int_goal_periods__weighed.metric_id
            and days.period = int_goal_periods__weighed.period
            and days.period_start = int_goal_periods__weighed.period_start
),

final as (
    select
        rep_id,
        metric_id,
        date_day,
        goal_id,
        goal,
        full_goal,
        working,
        season,
        employed,
        fte,
        ramp,
        leave,
        full_goal * employed * fte * ramp * (1 - leave) as daily_goal,
        team,
        role,
        tier,
        month_start_date
    from spread
)

select * from final
