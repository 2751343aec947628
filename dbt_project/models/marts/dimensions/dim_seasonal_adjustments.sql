with int_seasonal_scopes__chosen as (
    select * from {{ ref('int_seasonal_scopes__chosen') }}
),

int_seasonal_indices as (
    select * from {{ ref('int_seasonal_indices') }}
),

int_manual_seasons__daily as (
    select * from {{ ref('int_manual_seasons__daily') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

slot_lengths as (
    select
        slot_id,
        count(*) as days
    from int_dates
    where year_start_date <= {{ as_of_date() }} and year_end_date >= {{ as_of_date() }}
    group by 1
),

-- a manual factor holds for days; a slot shows its mean over the days of this fiscal year
manual_slots as (
    select
        int_manual_seasons__daily.metric_id,
        int_manual_seasons__daily.role,
        int_manual_seasons__daily.region,
        int_dates.slot_id,
        sum(int_manual_seasons__daily.factor - 1) as excess,
        max(int_manual_seasons__daily.reason) as reason
    from int_manual_seasons__daily
    inner join int_dates
        on int_manual_seasons__daily.date_day = int_dates.date_day
    where
        int_dates.year_start_date <= {{ as_of_date() }}
        and int_dates.year_end_date >= {{ as_of_date() }}
    group by 1, 2, 3, 4
),

-- a season that is not known is none: every working day is an average one
final as (
    select
        scopes.metric_id,
        scopes.role,
        scopes.region,
        slot_lengths.slot_id,
        cast(split_part(slot_lengths.slot_id, '-', 1) as integer) as month,
        cast(split_part(slot_lengths.slot_id, '-', 2) as integer) as half,
        scopes.index_scope,
        coalesce(int_seasonal_indices.event_count, 0) as event_count,
        cast(coalesce(int_seasonal_indices.years, 0) as integer) as years,
        int_seasonal_indices.raw_index,
        coalesce(int_seasonal_indices.shrink_weight, 0) as shrink_weight,
        coalesce(int_seasonal_indices.half_shrink_weight, 0) as half_shrink_weight,
        coalesce(int_seasonal_indices.seasonal_index, 1) as seasonal_index,
        1 + coalesce(manual_slots.excess / slot_lengths.days, 0) as manual_factor,
        manual_slots.reason as manual_reason,
        coalesce(int_seasonal_indices.seasonal_index, 1)
        * (1 + coalesce(manual_slots.excess / slot_lengths.days, 0)) as season
    from int_seasonal_scopes__chosen as scopes
    cross join slot_lengths
    left join int_seasonal_indices
        on
            scopes.metric_id = int_seasonal_indices.metric_id
            and scopes.index_scope = int_seasonal_indices.index_scope
            and scopes.index_role = int_seasonal_indices.role
            and scopes.index_region = int_seasonal_indices.region
            and slot_lengths.slot_id = int_seasonal_indices.slot_id
    left join manual_slots
        on
            scopes.metric_id = manual_slots.metric_id
            and scopes.role = manual_slots.role
            and scopes.region = manual_slots.region
            and slot_lengths.slot_id = manual_slots.slot_id
)

select * from final
