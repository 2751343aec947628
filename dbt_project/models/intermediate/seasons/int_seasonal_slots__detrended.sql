-- growth is not a season: a slot is compared with the level of the twelve months around it
with int_seasonal_slots__counted as (
    select * from {{ ref('int_seasonal_slots__counted') }}
),

months as (
    select
        metric_id,
        index_scope,
        role,
        region,
        month_start_date,
        cast(
            extract(year from month_start_date) * 12 + extract(month from month_start_date)
            as integer
        ) as month_number,
        sum(total) / nullif(sum(capacity), 0) as rate
    from int_seasonal_slots__counted
    group by 1, 2, 3, 4, 5
),

-- the level around a month is the mean rate of the twelve months about it
windows as (
    select
        centres.metric_id,
        centres.index_scope,
        centres.role,
        centres.region,
        centres.month_number,
        avg(months.rate) as level
    from months as centres
    inner join months
        on
            centres.metric_id = months.metric_id
            and centres.index_scope = months.index_scope
            and centres.role = months.role
            and centres.region = months.region
            and months.month_number between centres.month_number - 6 and centres.month_number + 5
            and months.rate is not null
    group by 1, 2, 3, 4, 5
    having count(*) = 12
),

full_windows as (
    select
        metric_id,
        index_scope,
        role,
        region,
        min(month_number) as first_month,
        max(month_number) as last_month
    from windows
    group by 1, 2, 3, 4
),

-- at the ends of history the nearest full window serves
levelled as (
    select
        months.metric_id,
        months.index_scope,
        months.role,
        months.region,
        months.month_start_date,
        windows.level
    from months
    inner join full_windows
        on
            months.metric_id = full_windows.metric_id
            and months.index_scope = full_windows.index_scope
            and months.role = full_windows.role
            and months.region = full_windows.region
    inner join windows
        on
            months.metric_id = windows.metric_id
            and months.index_scope = windows.index_scope
            and months.role = windows.role
            and months.region = windows.region
            and windows.month_number = {{ lower_of(
                higher_of('months.month_number', 'full_windows.first_month'),
                'full_windows.last_month'
            ) }}
    where windows.level > 0
),

-- exposure-weighted mean of rate / level = sum of events / level over sum of capacity
pooled as (
    select
        slots.metric_id,
        slots.index_scope,
        slots.role,
        slots.region,
        slots.slot_id,
        cast(extract(month from slots.month_start_date) as integer) as calendar_month,
        sum(slots.total / levelled.level) as level_days,
        sum(slots.capacity) as capacity,
        sum(slots.total) as total,
        sum(slots.event_count) as event_count,
        count(distinct slots.month_start_date) as years
    from int_seasonal_slots__counted as slots
    inner join levelled
        on
            slots.metric_id = levelled.metric_id
            and slots.index_scope = levelled.index_scope
            and slots.role = levelled.role
            and slots.region = levelled.region
            and slots.month_start_date = levelled.month_start_date
    where slots.capacity > 0
    group by 1, 2, 3, 4, 5, 6
),

-- two years, and 25 events in a slot on average
known_scopes as (
    select
        metric_id,
        index_scope,
        role,
        region
    from pooled
    group by 1, 2, 3, 4
    having
        count(distinct calendar_month) = 12
        and sum(years) >= 24
        and sum(event_count) / 24 >= 25
),

final as (
    select pooled.*
    from pooled
    inner join known_scopes
        on
            pooled.metric_id = known_scopes.metric_id
            and pooled.index_scope = known_scopes.index_scope
            and pooled.role = known_scopes.role
            and pooled.region = known_scopes.region
)

select * from final
