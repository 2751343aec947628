with int_seasonal_indices__resolved as (
    select * from {{ ref('int_seasonal_indices__resolved') }}
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

final as (
    select
        indices.metric_id,
        indices.role,
        indices.region,
        indices.slot_id,
        cast(split_part(indices.slot_id, '-', 1) as integer) as month,
        cast(split_part(indices.slot_id, '-', 2) as integer) as half,
        indices.index_scope,
        indices.event_count,
        cast(indices.years as integer) as years,
        indices.raw_index,
        indices.shrink_weight,
        indices.half_shrink_weight,
        indices.seasonal_index,
        1 + coalesce(manual_slots.excess / slot_lengths.days, 0) as manual_factor,
        manual_slots.reason as manual_reason,
        indices.seasonal_index
        * (1 + coalesce(manual_slots.excess / slot_lengths.days, 0)) as season
    from int_seasonal_indices__resolved as indices
    inner join slot_lengths
        on indices.slot_id = slot_lengths.slot_id
    left join manual_slots
        on
            indices.metric_id = manual_slots.metric_id
            and indices.role = manual_slots.role
            and indices.region = manual_slots.region
            and indices.slot_id = manual_slots.slot_id
)

select * from final
