-- empirical Bayes: what the data say counts as much as it stands out of their noise, for months
-- first and then for their halves
{%- set scope = 'metric_id, index_scope, role, region' %}

with int_seasonal_slots__detrended as (
    select * from {{ ref('int_seasonal_slots__detrended') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_slot_days as (
    select * from {{ ref('int_slot_days') }}
),

halves as (
    select
        int_seasonal_slots__detrended.*,
        int_seasonal_slots__detrended.level_days / int_seasonal_slots__detrended.capacity
            as raw_index,
        int_dispersions.dispersion
    from int_seasonal_slots__detrended
    inner join int_dispersions
        on
            int_seasonal_slots__detrended.metric_id = int_dispersions.metric_id
            and int_seasonal_slots__detrended.role = int_dispersions.role
            and int_dispersions.is_organisation
            = (int_seasonal_slots__detrended.index_scope = 'organisation')
),

months as (
    select
        metric_id,
        index_scope,
        role,
        region,
        calendar_month,
        sum(level_days) / sum(capacity) as raw_index,
        max(dispersion) / nullif(sum(total), 0) as noise,
        sum(total) as total
    from halves
    group by 1, 2, 3, 4, 5
),

-- the variance between months less their own noise
month_variances as (
    select
        months.*,
        {{ higher_of('coalesce(
            var_samp(raw_index) over (partition by ' ~ scope ~ ')
            - avg(noise) over (partition by ' ~ scope ~ '), 0
        )', '0') }} as variance
    from months
),

month_indices as (
    select
        month_variances.*,
        coalesce(variance / nullif(variance + noise, 0), 0) as shrink_weight
    from month_variances
),

-- a half against its month; its noise is only what the other half does not share
relatives as (
    select
        halves.metric_id,
        halves.index_scope,
        halves.role,
        halves.region,
        halves.slot_id,
        halves.event_count,
        halves.years,
        halves.raw_index,
        halves.raw_index / nullif(month_indices.raw_index, 0) - 1 as relative,
        halves.dispersion / nullif(halves.total, 0)
        * (1 - halves.total / nullif(month_indices.total, 0)) as noise,
        1 + month_indices.shrink_weight * (month_indices.raw_index - 1) as month_index,
        month_indices.shrink_weight
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
        relatives.*,
        {{ higher_of('coalesce(
            avg(relative * relative) over (partition by ' ~ scope ~ ')
            - avg(noise) over (partition by ' ~ scope ~ '), 0
        )', '0') }} as variance
    from relatives
),

half_indices as (
    select
        half_variances.*,
        variance / nullif(variance + noise, 0) as half_shrink_weight
    from half_variances
),

combined as (
    select
        half_indices.*,
        int_slot_days.working_days,
        half_indices.month_index
        * (1 + coalesce(half_indices.half_shrink_weight * half_indices.relative, 0))
            as unscaled_index
    from half_indices
    left join int_slot_days
        on half_indices.slot_id = int_slot_days.slot_id
),

-- 1 on average over the working days of the year
scaled as (
    select
        combined.*,
        unscaled_index / nullif(
            sum(unscaled_index * working_days) over (partition by {{ scope }})
            / nullif(sum(working_days) over (partition by {{ scope }}), 0),
            0
        ) as scaled_index
    from combined
),

final as (
    select
        metric_id,
        index_scope,
        role,
        region,
        slot_id,
        years,
        {{ settle('event_count') }} as event_count,
        {{ settle('raw_index') }} as raw_index,
        {{ settle('shrink_weight') }} as shrink_weight,
        {{ settle('coalesce(half_shrink_weight, 0)') }} as half_shrink_weight,
        {{ settle('scaled_index') }} as seasonal_index
    from scaled
)

select * from final
