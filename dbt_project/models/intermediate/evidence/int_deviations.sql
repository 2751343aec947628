with int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
    where
        date_day > {{ add_days(as_of_date(), -396) }}
        and month_end_date > {{ add_days(as_of_date(), -365) }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

first_months as (
    select
        int_metrics__daily.metric_id,
        min(int_dates.month_end_date) as month_end_date
    from int_metrics__daily
    inner join int_dates
        on int_metrics__daily.date_day = int_dates.date_day
    group by 1
),

-- twelve whole months: with the running one each night would move every z and every season.
-- Only a metric that has no other is measured by it
sampled as (
    select
        int_metrics__daily.rep_id,
        coalesce(int_rep_days.role, '') as role,
        int_metrics__daily.metric_id,
        metrics.aggregation,
        int_dates.month_start_date,
        int_rep_days.capacity,
        int_metrics__daily.numerator,
        int_metrics__daily.event_count,
        int_metrics__daily.sum_of_squares
    from int_metrics__daily
    inner join metrics
        on int_metrics__daily.metric_id = metrics.metric_id
    inner join int_dates
        on int_metrics__daily.date_day = int_dates.date_day
    inner join first_months
        on int_metrics__daily.metric_id = first_months.metric_id
    left join int_rep_days
        on
            int_metrics__daily.rep_id = int_rep_days.rep_id
            and int_metrics__daily.date_day = int_rep_days.date_day
    where
        metrics.aggregation in ('count', 'sum')
        and (
            int_dates.month_end_date <= {{ as_of_date() }}
            or first_months.month_end_date > {{ as_of_date() }}
        )
),

capacities as (
    select
        int_rep_days.rep_id,
        int_rep_days.role,
        int_dates.month_start_date,
        sum(int_rep_days.capacity) as capacity,
        sum(int_rep_days.capacity * int_rep_days.capacity) as capacity_squared,
        count(*) as days
    from int_rep_days
    inner join int_dates
        on int_rep_days.date_day = int_dates.date_day
    where int_rep_days.capacity > 0 and int_rep_days.date_day <= {{ as_of_date() }}
    group by 1, 2, 3
),

counts as (
    select
        rep_id,
        role,
        metric_id,
        month_start_date,
        sum(numerator) as total,
        sum(numerator * numerator) as total_squared,
        sum(numerator * capacity) as total_by_capacity
    from sampled
    where aggregation = 'count' and capacity > 0
    group by 1, 2, 3, 4
),

-- the expected count of a day is the rep's own rate of that month times the day's capacity:
-- neither the season nor how good a rep is counts as luck
final as (
    select
        counts.metric_id,
        counts.role,
        counts.total as events,
        counts.total,
        counts.total_squared
        - 2 * counts.total / capacities.capacity * counts.total_by_capacity
        + counts.total / capacities.capacity * counts.total / capacities.capacity
        * capacities.capacity_squared as squares,
        capacities.days
    from counts
    inner join capacities
        on
            counts.rep_id = capacities.rep_id
            and counts.role = capacities.role
            and counts.month_start_date = capacities.month_start_date
    union all
    select
        metric_id,
        role,
        sum(event_count) as events,
        {{ exact_sum('numerator') }} as total,
        {{ exact_sum('sum_of_squares', decimals=6) }} as squares,
        cast(null as bigint) as days
    from sampled
    where aggregation = 'sum'
    group by 1, 2
)

select * from final
