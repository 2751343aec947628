with period_types as (
    select * from {{ ref('period_types') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

-- the calendar types that int_dates knows
calendar_periods as (
    {% for type in ["week", "month", "quarter", "year"] %}
    select distinct
        '{{ type }}' as period_type,
        {{ type }}_id as period_id,
        {{ type }}_start_date as period_start,
        {{ type }}_end_date as period_end
    from int_dates
    where is_in_history
    {{ "union all" if not loop.last }}
    {% endfor %}
),

history as (
    select min(date_day) as first_day from int_dates
    where is_in_history
),

-- history starts with a fiscal year, records may start later: nobody missed a goal before them
first_record as (
    select coalesce(min(int_metrics__daily.date_day), {{ as_of_date() }}) as date_day
    from int_metrics__daily
    inner join history
        on int_metrics__daily.date_day >= history.first_day
),

-- the week that history starts in is cut off, so it is left out
begun as (
    select
        calendar_periods.period_type,
        calendar_periods.period_id,
        calendar_periods.period_start,
        calendar_periods.period_end
    from calendar_periods
    inner join period_types
        on calendar_periods.period_type = period_types.period_type
    cross join history
    cross join first_record
    where
        calendar_periods.period_start <= {{ as_of_date() }}
        and calendar_periods.period_start >= history.first_day
        and calendar_periods.period_end >= first_record.date_day
    union all
    select
        period_types.period_type,
        lower(period_types.period_name) as period_id,
        {{ add_days(as_of_date(), '1 - period_types.days') }} as period_start,
        {{ as_of_date() }} as period_end
    from period_types
    where period_types.kind = 'rolling'
),

final as (
    select
        period_type,
        period_id,
        period_start,
        period_end,
        period_end >= {{ as_of_date() }} as is_current
    from begun
)

select * from final
