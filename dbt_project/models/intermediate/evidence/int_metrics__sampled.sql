with int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

recent as (
    select
        int_metrics__placed.rep_id,
        int_metrics__placed.role,
        int_metrics__placed.metric_id,
        int_dates.month_start_date,
        int_dates.month_end_date,
        metrics.aggregation,
        int_metrics__placed.capacity,
        int_metrics__placed.numerator,
        int_metrics__placed.event_count,
        int_metrics__placed.sum_of_squares
    from int_metrics__placed
    inner join metrics
        on int_metrics__placed.metric_id = metrics.metric_id
    inner join int_dates
        on int_metrics__placed.date_day = int_dates.date_day
    where
        int_metrics__placed.date_day > {{ add_days(as_of_date(), -396) }}
        and int_dates.month_end_date > {{ add_days(as_of_date(), -365) }}
),

first_months as (
    select
        metric_id,
        min(month_end_date) as month_end_date
    from recent
    group by 1
),

-- twelve whole months: with the running one each night would move every z and every season.
-- Only a metric that has no other is measured by it
placed as (
    select recent.*
    from recent
    inner join first_months
        on recent.metric_id = first_months.metric_id
    where
        recent.month_end_date <= {{ as_of_date() }}
        or first_months.month_end_date > {{ as_of_date() }}
)

select * from placed
