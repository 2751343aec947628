-- the working days, and the working days weighed by season, of every period that a goal is for
with int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_seasons__daily as (
    select * from {{ ref('int_seasons__daily') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

rep_periods as (
    select distinct
        rep_id,
        metric_id,
        period
    from int_rep_goals__resolved
    where is_additive and goal_id is not null and period <> 'day'
),

weighed as (
    select
        rep_periods.rep_id,
        rep_periods.metric_id,
        rep_periods.period,
        case rep_periods.period
            when 'week' then int_dates.week_start_date
            when 'month' then int_dates.month_start_date
            when 'quarter' then int_dates.quarter_start_date
            when 'year' then int_dates.year_start_date
        end as period_start,
        sum(int_rep_days.working) as working_days,
        {{ settle('sum(int_rep_days.working * int_seasons__daily.season)') }} as season_days
    from rep_periods
    inner join int_rep_days
        on rep_periods.rep_id = int_rep_days.rep_id
    inner join int_dates
        on int_rep_days.date_day = int_dates.date_day
    inner join int_seasons__daily
        on
            rep_periods.metric_id = int_seasons__daily.metric_id
            and int_rep_days.role = int_seasons__daily.role
            and int_rep_days.region = int_seasons__daily.region
            and int_rep_days.date_day = int_seasons__daily.date_day
    where int_rep_days.working = 1
    group by 1, 2, 3, 4
)

select * from weighed
