{{ config(meta={'compared': true}) }}

with int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
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
    from placed
    where capacity > 0 and aggregation = 'count'
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
),

amounts as (
    select
        metric_id,
        role,
        sum(event_count) as events,
        {{ exact_sum('sum_of_squares', decimals=6) }} as squares,
        {{ exact_sum('numerator') }} as total
    from placed
    where aggregation = 'sum'
    group by 1, 2
),

-- one degree of freedom is spent on the rate of each rep and month
by_role as (
    select
        metric_id,
        role,
        sum(total) as events,
        sum(squares) / nullif(sum(total), 0) * sum(days) / nullif(sum(days) - count(*), 0)
            as dispersion
    from deviations
    group by 1, 2
    union all
    select
        metric_id,
        role,
        events,
        squares / nullif(total, 0) as dispersion
    from amounts
),

by_organisation as (
    select
        metric_id,
        sum(squares) / nullif(sum(total), 0) * sum(days) / nullif(sum(days) - count(*), 0)
            as dispersion
    from deviations
    group by 1
    union all
    select
        metric_id,
        sum(squares) / nullif(sum(total), 0) as dispersion
    from amounts
    group by 1
),

roles as (
    select distinct role from int_crm__reps
),

unsettled as (
    select
        metrics.metric_id,
        roles.role,
        false as is_organisation,
        case
            when metrics.aggregation = 'count'
                then greatest(
                    1,
                    coalesce(
                        case when by_role.events >= 20 then by_role.dispersion end,
                        by_organisation.dispersion,
                        1
                    )
                )
            else coalesce(
                case when by_role.events >= 20 then by_role.dispersion end,
                by_organisation.dispersion
            )
        end as dispersion
    from metrics
    cross join roles
    left join by_role
        on
            metrics.metric_id = by_role.metric_id
            and roles.role = by_role.role
    left join by_organisation
        on metrics.metric_id = by_organisation.metric_id
    where metrics.aggregation in ('count', 'sum')
    union all
    select
        metrics.metric_id,
        '' as role,
        true as is_organisation,
        case
            when metrics.aggregation = 'count'
                then greatest(1, coalesce(by_organisation.dispersion, 1))
            else by_organisation.dispersion
        end as dispersion
    from metrics
    left join by_organisation
        on metrics.metric_id = by_organisation.metric_id
    where metrics.aggregation in ('count', 'sum')
),

final as (
    select
        metric_id,
        role,
        is_organisation,
        {{ settle('dispersion') }} as dispersion
    from unsettled
)

select * from final
