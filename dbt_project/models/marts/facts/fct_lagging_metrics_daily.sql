with int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

facts as (
    select
        int_metrics__daily.rep_id,
        int_metrics__daily.metric_id,
        int_metrics__daily.date_day,
        int_metrics__daily.value,
        int_metrics__daily.numerator,
        int_metrics__daily.denominator,
        int_metrics__daily.sum_of_squares,
        {{ first_of_month('int_metrics__daily.date_day') }} as month_start_date
    from int_metrics__daily
    inner join metrics
        on int_metrics__daily.metric_id = metrics.metric_id
    where metrics.metric_kind = 'lagging'
)

select * from facts
