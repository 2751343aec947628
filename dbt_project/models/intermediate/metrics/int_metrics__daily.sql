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

-- what a metric takes from an event follows from its aggregation and unit
activity_metrics as (
    select
        int_activity_events__daily.rep_id,
        metrics.metric_id,
        metrics.aggregation,
        int_activity_events__daily.date_day,
        cast(int_activity_events__daily.event_count as {{ type_double() }}) as event_count,
        int_activity_events__daily.duration as measure,
        int_activity_events__daily.duration_squared as measure_squared,
        int_activity_events__daily.duration_squared as credit_squared
    from int_activity_events__daily
    inner join metrics
        on int_activity_events__daily.event_type = metrics.event_type
),

opportunity_metrics as (
    select
        int_opportunity_events__daily.rep_id,
        metrics.metric_id,
        metrics.aggregation,
        int_opportunity_events__daily.date_day,
        int_opportunity_events__daily.event_count,
        case
            when metrics.unit = 'days' then int_opportunity_events__daily.days
            else int_opportunity_events__daily.amount
        end as measure,
        case
            when metrics.unit = 'days' then int_opportunity_events__daily.days_squared
            else int_opportunity_events__daily.amount_squared
        end as measure_squared,
        case
            when metrics.unit = 'days' then int_opportunity_events__daily.days_squared
            else int_opportunity_events__daily.credit_squared
        end as credit_squared
    from int_opportunity_events__daily
    inner join metrics
        on int_opportunity_events__daily.event_type = metrics.event_type
),

other_metrics as (
    select
        int_other_events__daily.rep_id,
        metrics.metric_id,
        metrics.aggregation,
        int_other_events__daily.date_day,
        int_other_events__daily.event_count,
        cast(null as {{ type_double() }}) as measure,
        cast(null as {{ type_double() }}) as measure_squared,
        cast(null as {{ type_double() }}) as credit_squared
    from int_other_events__daily
    inner join metrics
        on int_other_events__daily.event_type = metrics.event_type
),

measured as (
    select * from activity_metrics
    union all
    select * from opportunity_metrics
    union all
    select * from other_metrics
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
        sum(case when aggregation = 'mean' then event_count end) as denominator,
        sum(event_count) as event_count,
        sum(
            case aggregation
                when 'mean' then measure_squared
                when 'sum' then credit_squared
                else event_count * event_count
            end
        ) as sum_of_squares
    from measured
    where date_day <= {{ as_of_date() }}
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
