with int_metrics__sampled as (
    select * from {{ ref('int_metrics__sampled') }}
    where capacity > 0 and aggregation = 'count'
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
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
    where
        int_rep_days.capacity > 0
        and int_rep_days.date_day > {{ add_days(as_of_date(), -396) }}
        and int_rep_days.date_day <= {{ as_of_date() }}
        and int_dates.month_end_date > {{ add_days(as_of_date(), -365) }}
    group by 1, 2, 3
),

-- the expected count of a day is the rep's own rate of that month times the day's capacity:
-- neither the season nor how good a rep is counts as luck
counts as (
    select
        rep_id,
        role,
        metric_id,
        month_start_date,
        sum(numerator) as total,
        sum(numerator * numerator) as total_squared,
        sum(numerator * capacity) as total_by_capacity
    from int_metrics__sampled
    group by 1, 2, 3, 4
),

deviations as (
    select
        counts.metric_id,
        counts.role,
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
)

select * from deviations
