-- the history that seasons are learnt from: by role and region, by role, and of all
with int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_seasonal_scopes as (
    select * from {{ ref('int_seasonal_scopes') }}
),

-- ramp is removed like head count: a class of new hires in spring does not make a slow spring
slot_capacities as (
    select
        int_rep_days.role,
        int_rep_days.region,
        int_dates.month_start_date,
        int_dates.slot_id,
        sum(int_rep_days.capacity * int_rep_days.ramp) as capacity
    from int_rep_days
    inner join int_dates
        on int_rep_days.date_day = int_dates.date_day
    where int_dates.month_end_date <= {{ as_of_date() }}
    group by 1, 2, 3, 4
),

-- a rep's role and region are those of the day of the event
slot_events as (
    select
        int_metrics__daily.metric_id,
        int_rep_days.role,
        int_rep_days.region,
        int_dates.month_start_date,
        int_dates.slot_id,
        min(int_metrics__daily.date_day) as first_date,
        sum(int_metrics__daily.numerator) as total,
        sum(int_metrics__daily.event_count) as event_count
    from int_metrics__daily
    inner join int_rep_days
        on
            int_metrics__daily.rep_id = int_rep_days.rep_id
            and int_metrics__daily.date_day = int_rep_days.date_day
    inner join int_dates
        on int_metrics__daily.date_day = int_dates.date_day
    where int_rep_days.capacity > 0
    group by 1, 2, 3, 4, 5
),

first_events as (
    select
        metric_id,
        role,
        min(first_date) as first_date
    from slot_events
    group by 1, 2
),

-- whole months since the first event; a first week may be short of a holiday or a weekend.
-- A role that never has the event does not dilute the rate of those who do
slots as (
    select
        int_seasonal_scopes.metric_id,
        int_seasonal_scopes.role,
        int_seasonal_scopes.region,
        slot_capacities.month_start_date,
        slot_capacities.slot_id,
        slot_capacities.capacity,
        coalesce(slot_events.total, 0) as total,
        coalesce(slot_events.event_count, 0) as event_count
    from int_seasonal_scopes
    inner join first_events
        on
            int_seasonal_scopes.metric_id = first_events.metric_id
            and int_seasonal_scopes.role = first_events.role
    inner join slot_capacities
        on
            int_seasonal_scopes.role = slot_capacities.role
            and int_seasonal_scopes.region = slot_capacities.region
            and first_events.first_date <= {{ add_days('slot_capacities.month_start_date', 6) }}
    left join slot_events
        on
            int_seasonal_scopes.metric_id = slot_events.metric_id
            and int_seasonal_scopes.role = slot_events.role
            and int_seasonal_scopes.region = slot_events.region
            and slot_capacities.month_start_date = slot_events.month_start_date
            and slot_capacities.slot_id = slot_events.slot_id
),

scoped_slots as (
    select
        metric_id,
        'role_region' as index_scope,
        role,
        region,
        month_start_date,
        slot_id,
        capacity,
        total,
        event_count
    from slots
    union all
    select
        metric_id,
        'role' as index_scope,
        role,
        '' as region,
        month_start_date,
        slot_id,
        sum(capacity) as capacity,
        sum(total) as total,
        sum(event_count) as event_count
    from slots
    group by 1, 2, 3, 4, 5, 6
    union all
    select
        metric_id,
        'organisation' as index_scope,
        '' as role,
        '' as region,
        month_start_date,
        slot_id,
        sum(capacity) as capacity,
        sum(total) as total,
        sum(event_count) as event_count
    from slots
    group by 1, 2, 3, 4, 5, 6
)

select * from scoped_slots
