with int_activity_events as (
    select * from {{ ref('int_activity_events') }}
),

int_opportunity_events as (
    select * from {{ ref('int_opportunity_events') }}
),

int_other_events as (
    select * from {{ ref('int_other_events') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

counted as (
    select
        source,
        'activities' as source_table,
        activity_id as record_id,
        rep_id,
        event_type,
        date_day,
        cast(1 as {{ type_double() }}) as credit,
        duration_seconds as amount,
        duration_seconds as days,
        activity_type || coalesce(', ' || nullif(direction, ''), '')
        || coalesce(', ' || nullif(outcome, ''), '') as title
    from int_activity_events
    union all
    select
        source,
        'opportunities' as source_table,
        opportunity_id as record_id,
        rep_id,
        event_type,
        date_day,
        split_ratio as credit,
        split_ratio * company_amount as amount,
        split_ratio * days as days,
        'deal' || coalesce(' of ' || {{ number_text('company_amount') }}, '') as title
    from int_opportunity_events
    union all
    select
        source,
        source_table,
        record_id,
        rep_id,
        event_type,
        date_day,
        credit,
        cast(null as {{ type_double() }}) as amount,
        cast(null as {{ type_double() }}) as days,
        case when source_table = 'leads' then 'lead ' else 'stage ' end || outcome as title
    from int_other_events
),

-- what a metric takes from a record is what int_metrics__daily takes from its day
measured as (
    select
        counted.source,
        counted.source_table,
        counted.record_id,
        counted.rep_id,
        metrics.metric_id,
        counted.date_day,
        case
            when metrics.aggregation = 'count' then counted.credit
            when metrics.unit = 'days' then counted.days
            else counted.amount
        end as value,
        counted.title,
        {{ first_of_month('counted.date_day') }} as month_start_date
    from counted
    inner join metrics
        on counted.event_type = metrics.event_type
    where counted.date_day <= {{ as_of_date() }}
)

select * from measured
where value is not null
