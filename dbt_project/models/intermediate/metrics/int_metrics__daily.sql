with int_activity_events__daily as (
    select * from {{ ref('int_activity_events__daily') }}
),

int_opportunity_events__daily as (
    select * from {{ ref('int_opportunity_events__daily') }}
),

int_other_events__daily as (
    select * from {{ ref('int_other_events__daily') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- the duration of an activity is its amount, whatever the unit of the metric
events as (
    select
        rep_id,
        event_type,
        date_day,
        cast(event_count as {{ type_double() }}) as event_count,
        cast(timed_count as {{ type_double() }}) as amount_count,
        cast(timed_count as {{ type_double() }}) as days_count,
        duration as amount,
        duration_squared as amount_squared,
        duration_squared as credit_squared,
        duration as days,
        duration_squared as days_squared
    from int_activity_events__daily
    union all
    select
        rep_id,
        event_type,
        date_day,
        event_count,
        amount_count,
        days_count,
        amount,
        amount_squared,
        credit_squared,
        days,
        days_squared
    from int_opportunity_events__daily
    union all
    select
        rep_id,
        event_type,
        date_day,
        event_count,
        cast(null as {{ type_double() }}) as amount_count,
        cast(null as {{ type_double() }}) as days_count,
        cast(null as {{ type_double() }}) as amount,
        cast(null as {{ type_double() }}) as amount_squared,
        cast(null as {{ type_double() }}) as credit_squared,
        cast(null as {{ type_double() }}) as days,
        cast(null as {{ type_double() }}) as days_squared
    from int_other_events__daily
),

-- what a metric takes from an event follows from its aggregation and unit; a mean leaves out what
-- has no amount or no cycle
measured as (
    select
        events.rep_id,
        metrics.metric_id,
        metrics.aggregation,
        events.date_day,
        events.event_count,
        case when metrics.unit = 'days' then events.days_count else events.amount_count end
            as measured_count,
        case when metrics.unit = 'days' then events.days else events.amount end as measure,
        case when metrics.unit = 'days' then events.days_squared else events.amount_squared end
            as measure_squared,
        case when metrics.unit = 'days' then events.days_squared else events.credit_squared end
            as credit_squared
    from events
    inner join metrics
        on events.event_type = metrics.event_type
    where events.date_day <= {{ as_of_date() }}
),

event_metrics as (
    select
        rep_id,
        metric_id,
        date_day,
        sum(
            case aggregation
                when 'count' then event_count
                else measure
            end
        ) as numerator,
        sum(case when aggregation = 'mean' then coalesce(measured_count, 0) end) as denominator,
        sum(event_count) as event_count,
        sum(
            case aggregation
                when 'mean' then measure_squared
                when 'sum' then credit_squared
                else event_count * event_count
            end
        ) as sum_of_squares
    from measured
    group by 1, 2, 3
),

ratio_parts as (
    select
        event_metrics.rep_id,
        metrics.metric_id,
        event_metrics.date_day,
        event_metrics.numerator,
        cast(0 as {{ type_double() }}) as denominator
    from event_metrics
    inner join metrics
        on
            event_metrics.metric_id = metrics.numerator_metric_id
            and metrics.aggregation = 'ratio'
    union all
    select
        event_metrics.rep_id,
        metrics.metric_id,
        event_metrics.date_day,
        cast(0 as {{ type_double() }}) as numerator,
        event_metrics.numerator as denominator
    from event_metrics
    inner join metrics
        on
            event_metrics.metric_id = metrics.denominator_metric_id
            and metrics.aggregation = 'ratio'
),

ratio_metrics as (
    select
        rep_id,
        metric_id,
        date_day,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from ratio_parts
    group by 1, 2, 3
),

final as (
    select
        event_metrics.rep_id,
        event_metrics.metric_id,
        event_metrics.date_day,
        case
            when event_metrics.denominator is null then event_metrics.numerator
            else event_metrics.numerator / nullif(event_metrics.denominator, 0)
        end as value,
        event_metrics.numerator,
        event_metrics.denominator,
        event_metrics.sum_of_squares,
        event_metrics.event_count
    from event_metrics
    union all
    select
        ratio_metrics.rep_id,
        ratio_metrics.metric_id,
        ratio_metrics.date_day,
        ratio_metrics.numerator / nullif(ratio_metrics.denominator, 0) as value,
        ratio_metrics.numerator,
        ratio_metrics.denominator,
        cast(null as {{ type_double() }}) as sum_of_squares,
        cast(null as {{ type_double() }}) as event_count
    from ratio_metrics
)

select * from final
