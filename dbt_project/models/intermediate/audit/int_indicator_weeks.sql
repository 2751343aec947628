with int_indicator_pairs__lagged as (
    select * from {{ ref('int_indicator_pairs__lagged') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

asked_metrics as (
    select
        role,
        leading_metric_id as metric_id
    from int_indicator_pairs__lagged
    where is_testable
    union
    select
        role,
        lagging_metric_id as metric_id
    from int_indicator_pairs__lagged
    where is_testable
),

dates as (
    select
        date_day,
        {{ day_number('week_start_date') }} as week_day_number
    from int_dates
    cross join int_constants
    where
        week_end_date <= {{ as_of_date() }}
        and week_start_date
        > {{ add_days(as_of_date(), '-int_constants.audit_history_days') }}
),

first_record as (
    select min(date_day) as date_day from int_metrics__daily
),

-- the whole weeks of these two years in which a rep held the role and was there to work
rep_weeks as (
    select
        int_rep_days.rep_id,
        int_rep_days.role,
        cast((dates.week_day_number - dates.week_day_number % 7) / 7 as integer) as week_number,
        sum(int_rep_days.capacity * int_rep_days.ramp) as exposure
    from int_rep_days
    inner join dates
        on int_rep_days.date_day = dates.date_day
    inner join first_record
        on int_rep_days.date_day >= first_record.date_day
    group by 1, 2, 3
    having sum(int_rep_days.capacity * int_rep_days.ramp) > 0
),

sums as (
    select
        int_metrics__daily.rep_id,
        int_rep_days.role,
        int_metrics__daily.metric_id,
        cast((dates.week_day_number - dates.week_day_number % 7) / 7 as integer) as week_number,
        sum(int_metrics__daily.numerator) as total
    from int_metrics__daily
    inner join int_rep_days
        on
            int_metrics__daily.rep_id = int_rep_days.rep_id
            and int_metrics__daily.date_day = int_rep_days.date_day
    inner join dates
        on int_metrics__daily.date_day = dates.date_day
    group by 1, 2, 3, 4
),

panel as (
    select
        rep_weeks.rep_id,
        rep_weeks.role,
        asked_metrics.metric_id,
        rep_weeks.week_number,
        rep_weeks.exposure,
        coalesce(sums.total, 0) as total,
        sum(coalesce(sums.total, 0)) over (
            partition by rep_weeks.role, rep_weeks.rep_id, asked_metrics.metric_id
        ) / sum(rep_weeks.exposure) over (
            partition by rep_weeks.role, rep_weeks.rep_id, asked_metrics.metric_id
        ) as rep_rate
    from rep_weeks
    inner join asked_metrics
        on rep_weeks.role = asked_metrics.role
    left join sums
        on
            rep_weeks.rep_id = sums.rep_id
            and rep_weeks.role = sums.role
            and rep_weeks.week_number = sums.week_number
            and asked_metrics.metric_id = sums.metric_id
),

-- what is more or less than the rep's own pace, the time at work and the week of the whole role
-- explain: neither good reps, nor leave, nor the season can pass for a cause
residuals as (
    select
        rep_id,
        role,
        metric_id,
        week_number,
        total,
        total - rep_rate * exposure
        * sum(total) over (partition by role, metric_id, week_number)
        / nullif(sum(rep_rate * exposure) over (partition by role, metric_id, week_number), 0)
            as residual
    from panel
)

select * from residuals
