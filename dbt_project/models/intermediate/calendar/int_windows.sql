with int_periods as (
    select * from {{ ref('int_periods') }}
),

period_types as (
    select * from {{ ref('period_types') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

-- days before the first record are no pace: a young company did not do nothing before it began
first_record as (
    select min(date_day) as date_day from int_metrics__daily
),

weeks as (
    select
        period_type,
        period_start,
        {{ lower_of('period_end', as_of_date()) }} as last_day,
        row_number() over (order by period_start desc nulls last) as age
    from int_periods
    where period_type = 'week'
),

unioned as (
    select
        'period' as purpose,
        period_type,
        period_start,
        period_start as window_start,
        period_end as window_end
    from int_periods
    union all
    -- how a rep did in the 13 weeks before a running period is where its projection starts
    select
        'before' as purpose,
        int_periods.period_type,
        int_periods.period_start,
        {{ higher_of(
            add_days('int_periods.period_start', -91), 'first_record.date_day'
        ) }}
            as window_start,
        {{ add_days('int_periods.period_start', -1) }} as window_end
    from int_periods
    inner join period_types
        on int_periods.period_type = period_types.period_type
    inner join first_record
        on int_periods.period_start > first_record.date_day
    where int_periods.is_current and period_types.kind = 'calendar'
    -- a one-on-one is about four weeks, and what has changed since the week before
    {% for purpose, days in {"four_weeks": 0, "four_weeks_earlier": 7}.items() %}
    union all
    select
        '{{ purpose }}' as purpose,
        period_type,
        period_start,
        {{ add_days('last_day', -27 - days) }} as window_start,
        {{ add_days('last_day', -days) }} as window_end
    from weeks
    where age <= 13
    {% endfor %}
)

select * from unioned
