with int_periods__aged as (
    select * from {{ ref('int_periods__aged') }}
),

-- the running period of each type, and the last that is closed
shown_periods as (
    select * from int_periods__aged
    where age <= 2
),

-- the period before, and the same one a year before
calendar_comparisons as (
    select
        shown_periods.period_type,
        shown_periods.period_start,
        'previous' as comparison,
        earlier.period_type as earlier_type,
        earlier.period_start as earlier_start
    from shown_periods
    inner join int_periods__aged as earlier
        on
            shown_periods.period_type = earlier.period_type
            and shown_periods.age + 1 = earlier.age
    where shown_periods.kind = 'calendar'
    union all
    select
        shown_periods.period_type,
        shown_periods.period_start,
        'last_year' as comparison,
        earlier.period_type as earlier_type,
        earlier.period_start as earlier_start
    from shown_periods
    inner join int_periods__aged as earlier
        on
            shown_periods.period_type = earlier.period_type
            and shown_periods.age + shown_periods.periods_per_year = earlier.age
    where shown_periods.kind = 'calendar'
),

-- rolling windows and the 13-week mean are made of whole weeks, which are on the scorecard already
windows as (
    select
        period_type,
        period_start,
        'trailing_13_week' as comparison,
        {{ add_days('period_start', -97) }} as first_start,
        {{ add_days('period_start', -7) }} as last_start
    from shown_periods
    union all
    select
        period_type,
        period_start,
        'previous' as comparison,
        {{ add_days('period_start', '-6 - days') }} as first_start,
        {{ add_days('period_start', -7) }} as last_start
    from shown_periods
    where kind = 'rolling'
    union all
    select
        period_type,
        period_start,
        'last_year' as comparison,
        {{ add_days('period_start', -367) }} as first_start,
        {{ add_days('period_start', 'days - 368') }} as last_start
    from shown_periods
    where kind = 'rolling'
),

final as (
    select
        period_type,
        period_start,
        comparison,
        earlier_type,
        earlier_start
    from calendar_comparisons
    union all
    select
        windows.period_type,
        windows.period_start,
        windows.comparison,
        weeks.period_type as earlier_type,
        weeks.period_start as earlier_start
    from windows
    inner join int_periods__aged as weeks
        on
            weeks.period_type = 'week'
            and weeks.period_start >= windows.first_start
            and weeks.period_start <= windows.last_start
)

select * from final
