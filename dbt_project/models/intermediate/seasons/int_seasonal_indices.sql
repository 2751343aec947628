{{ config(meta={'compared': true}) }}

-- design/rules section 5: per working day of capacity, detrended, pooled over years, shrunk
-- (empirical Bayes), months first and then their halves, falling back from role and region to
-- role to organisation to 1
with int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_seasonal_scopes as (
    select * from {{ ref('int_seasonal_scopes') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- ramp is taken out like head count is: a class of new hires in spring is no slow spring
slot_capacities as (
    select
        int_rep_days.role,
        int_rep_days.region,
        int_dates.month_start_date,
        int_dates.month_end_date,
        int_dates.slot_id,
        sum(int_rep_days.capacity * int_rep_days.ramp) as capacity
    from int_rep_days
    inner join int_dates
        on int_rep_days.date_day = int_dates.date_day
    where int_dates.month_end_date <= {{ as_of_date() }}
    group by 1, 2, 3, 4, 5
),

slot_events as (
    select
        int_metrics__placed.metric_id,
        int_metrics__placed.role,
        int_metrics__placed.region,
        int_dates.month_start_date,
        int_dates.slot_id,
        min(int_metrics__placed.date_day) as first_date,
        sum(int_metrics__placed.numerator) as total,
        sum(int_metrics__placed.event_count) as event_count
    from int_metrics__placed
    inner join int_dates
        on int_metrics__placed.date_day = int_dates.date_day
    where int_metrics__placed.capacity > 0
    group by 1, 2, 3, 4, 5
),

-- a role that never has the event does not dilute the rate of those who do
metric_roles as (
    select
        int_seasonal_scopes.metric_id,
        int_seasonal_scopes.role,
        int_seasonal_scopes.region,
        first_events.first_date
    from int_seasonal_scopes
    inner join (
        select
            metric_id,
            role,
            min(first_date) as first_date
        from slot_events
        group by 1, 2
    ) as first_events
        on
            int_seasonal_scopes.metric_id = first_events.metric_id
            and int_seasonal_scopes.role = first_events.role
),

-- whole months since the first event; a first week may be short of a holiday or a weekend
slots as (
    select
        metric_roles.metric_id,
        metric_roles.role,
        metric_roles.region,
        slot_capacities.month_start_date,
        slot_capacities.slot_id,
        slot_capacities.capacity,
        coalesce(slot_events.total, 0) as total,
        coalesce(slot_events.event_count, 0) as event_count
    from metric_roles
    inner join slot_capacities
        on
            metric_roles.role = slot_capacities.role
            and metric_roles.region = slot_capacities.region
            and metric_roles.first_date <= {{ add_days('slot_capacities.month_start_date', 6) }}
    left join slot_events
        on
            metric_roles.metric_id = slot_events.metric_id
            and metric_roles.role = slot_events.role
            and metric_roles.region = slot_events.region
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
        sum(capacity) as capacity,
        sum(total) as total,
        sum(event_count) as event_count,
        sum(total) / nullif(sum(capacity), 0) as rate
    from scoped_slots
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
            and windows.month_number = least(
                greatest(months.month_number, full_windows.first_month), full_windows.last_month
            )
    where windows.level > 0
),

slot_raws as (
    select
        scoped_slots.metric_id,
        scoped_slots.index_scope,
        scoped_slots.role,
        scoped_slots.region,
        scoped_slots.slot_id,
        cast(extract(month from scoped_slots.month_start_date) as integer) as calendar_month,
        sum(scoped_slots.total / levelled.level) as level_days,
        sum(scoped_slots.capacity) as capacity,
        sum(scoped_slots.total) as total,
        sum(scoped_slots.event_count) as event_count,
        count(distinct scoped_slots.month_start_date) as years
    from scoped_slots
    inner join levelled
        on
            scoped_slots.metric_id = levelled.metric_id
            and scoped_slots.index_scope = levelled.index_scope
            and scoped_slots.role = levelled.role
            and scoped_slots.region = levelled.region
            and scoped_slots.month_start_date = levelled.month_start_date
    where scoped_slots.capacity > 0
    group by 1, 2, 3, 4, 5, 6
),

-- exposure-weighted mean of rate / level = sum of events / level over sum of capacity
halves as (
    select
        slot_raws.*,
        slot_raws.level_days / slot_raws.capacity as raw_index,
        int_dispersions.dispersion
    from slot_raws
    inner join int_dispersions
        on
            slot_raws.metric_id = int_dispersions.metric_id
            and slot_raws.role = int_dispersions.role
            and int_dispersions.is_organisation = (slot_raws.index_scope = 'organisation')
),

month_raws as (
    select
        metric_id,
        index_scope,
        role,
        region,
        calendar_month,
        sum(level_days) / sum(capacity) as raw_index,
        max(dispersion) / nullif(sum(total), 0) as noise,
        sum(total) as total,
        sum(event_count) as event_count,
        sum(years) as half_years
    from halves
    group by 1, 2, 3, 4, 5
),

-- what remains of the variance between months when their own noise is taken off
month_variances as (
    select
        metric_id,
        index_scope,
        role,
        region,
        greatest(coalesce(var_samp(raw_index) - avg(noise), 0), 0) as variance,
        sum(event_count) as event_count,
        sum(half_years) as half_years,
        count(*) as months
    from month_raws
    group by 1, 2, 3, 4
),

month_indices as (
    select
        month_raws.metric_id,
        month_raws.index_scope,
        month_raws.role,
        month_raws.region,
        month_raws.calendar_month,
        month_raws.raw_index,
        month_raws.total,
        coalesce(
            month_variances.variance / nullif(month_variances.variance + month_raws.noise, 0), 0
        ) as shrink_weight
    from month_raws
    inner join month_variances
        on
            month_raws.metric_id = month_variances.metric_id
            and month_raws.index_scope = month_variances.index_scope
            and month_raws.role = month_variances.role
            and month_raws.region = month_variances.region
    where
        month_variances.months = 12
        and month_variances.half_years >= 24
        and month_variances.event_count / 24 >= 25
),

-- a half against its month; its noise is only what the other half does not share
relatives as (
    select
        halves.*,
        halves.raw_index / nullif(month_indices.raw_index, 0) - 1 as relative,
        halves.dispersion / nullif(halves.total, 0)
        * (1 - halves.total / nullif(month_indices.total, 0)) as noise,
        1 + month_indices.shrink_weight * (month_indices.raw_index - 1) as month_index,
        month_indices.shrink_weight as month_shrink_weight
    from halves
    inner join month_indices
        on
            halves.metric_id = month_indices.metric_id
            and halves.index_scope = month_indices.index_scope
            and halves.role = month_indices.role
            and halves.region = month_indices.region
            and halves.calendar_month = month_indices.calendar_month
),

half_variances as (
    select
        metric_id,
        index_scope,
        role,
        region,
        greatest(coalesce(avg(relative * relative) - avg(noise), 0), 0) as variance
    from relatives
    group by 1, 2, 3, 4
),

indices as (
    select
        relatives.metric_id,
        relatives.index_scope,
        relatives.role,
        relatives.region,
        relatives.slot_id,
        relatives.event_count,
        relatives.years,
        relatives.raw_index,
        relatives.month_shrink_weight as shrink_weight,
        coalesce(half_variances.variance / nullif(half_variances.variance + relatives.noise, 0), 0)
            as half_shrink_weight,
        relatives.month_index * (
            1 + coalesce(
                half_variances.variance / nullif(half_variances.variance + relatives.noise, 0)
                * relatives.relative, 0
            )
        ) as unscaled_index
    from relatives
    inner join half_variances
        on
            relatives.metric_id = half_variances.metric_id
            and relatives.index_scope = half_variances.index_scope
            and relatives.role = half_variances.role
            and relatives.region = half_variances.region
),

slot_days as (
    select
        int_dates.slot_id,
        cast(sum(int_calendar_days.working) as {{ type_double() }}) as working_days
    from int_dates
    cross join int_settings
    inner join int_calendar_days
        on
            int_dates.date_day = int_calendar_days.date_day
            and int_settings.default_calendar = int_calendar_days.calendar
    where
        int_dates.year_start_date <= {{ as_of_date() }}
        and int_dates.year_end_date >= {{ as_of_date() }}
    group by 1
),

scales as (
    select
        indices.metric_id,
        indices.index_scope,
        indices.role,
        indices.region,
        sum(indices.unscaled_index * slot_days.working_days)
        / nullif(sum(slot_days.working_days), 0)
            as mean_index
    from indices
    inner join slot_days
        on indices.slot_id = slot_days.slot_id
    group by 1, 2, 3, 4
),

normalised as (
    select
        indices.*,
        {{ settle('indices.unscaled_index / scales.mean_index') }} as seasonal_index
    from indices
    inner join scales
        on
            indices.metric_id = scales.metric_id
            and indices.index_scope = scales.index_scope
            and indices.role = scales.role
            and indices.region = scales.region
),

available as (
    select distinct
        metric_id,
        index_scope,
        role,
        region
    from normalised
),

-- the narrowest scope with enough history serves all 24 slots of a metric
candidates as (
    select
        int_seasonal_scopes.metric_id,
        int_seasonal_scopes.role,
        int_seasonal_scopes.region,
        available.index_scope,
        available.role as index_role,
        available.region as index_region,
        row_number() over (
            partition by
                int_seasonal_scopes.metric_id, int_seasonal_scopes.role, int_seasonal_scopes.region
            order by
                case available.index_scope
                    when 'role_region' then 1
                    when 'role' then 2
                    else 3
                end asc nulls last
        ) as preference
    from int_seasonal_scopes
    inner join available
        on
            int_seasonal_scopes.metric_id = available.metric_id
            and (
                available.index_scope = 'organisation'
                or (
                    int_seasonal_scopes.role = available.role
                    and (
                        available.index_scope = 'role'
                        or int_seasonal_scopes.region = available.region
                    )
                )
            )
),

all_slots as (
    select distinct slot_id from int_dates
),

final as (
    select
        int_seasonal_scopes.metric_id,
        int_seasonal_scopes.role,
        int_seasonal_scopes.region,
        all_slots.slot_id,
        coalesce(candidates.index_scope, 'none') as index_scope,
        {{ settle('coalesce(normalised.event_count, 0)') }} as event_count,
        coalesce(normalised.years, 0) as years,
        {{ settle('normalised.raw_index') }} as raw_index,
        {{ settle('coalesce(normalised.shrink_weight, 0)') }} as shrink_weight,
        {{ settle('coalesce(normalised.half_shrink_weight, 0)') }} as half_shrink_weight,
        coalesce(normalised.seasonal_index, 1) as seasonal_index
    from int_seasonal_scopes
    cross join all_slots
    left join candidates
        on
            int_seasonal_scopes.metric_id = candidates.metric_id
            and int_seasonal_scopes.role = candidates.role
            and int_seasonal_scopes.region = candidates.region
            and candidates.preference = 1
    left join normalised
        on
            candidates.metric_id = normalised.metric_id
            and candidates.index_scope = normalised.index_scope
            and candidates.index_role = normalised.role
            and candidates.index_region = normalised.region
            and all_slots.slot_id = normalised.slot_id
)

select * from final
