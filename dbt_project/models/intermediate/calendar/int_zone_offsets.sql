with time_zone_days as (
    select * from {{ source('raw_reference', 'time_zone_days') }}
),

ordered as (
    select
        time_zone_days.*,
        cast(utc_date as timestamp) as day_start,
        lag(case when changes_at is null then offset_seconds else later_offset_seconds end)
            over (partition by time_zone order by utc_date asc nulls last)
            as offset_before
    from time_zone_days
),

-- the offsets of a zone begin with its first day, on a day or within one
changes as (
    select
        time_zone,
        day_start as effective_from,
        offset_seconds
    from ordered
    where offset_before is null or offset_before <> offset_seconds
    union all
    select
        time_zone,
        changes_at as effective_from,
        later_offset_seconds as offset_seconds
    from ordered
    where changes_at is not null
),

known_days as (
    select
        time_zone,
        cast({{ add_days('max(utc_date)', 1) }} as timestamp) as known_until
    from time_zone_days
    group by 1
),

zone_offsets as (
    select
        changes.time_zone,
        changes.effective_from,
        coalesce(
            lead(changes.effective_from) over (
                partition by changes.time_zone order by changes.effective_from asc nulls last
            ),
            known_days.known_until
        ) as effective_to,
        changes.offset_seconds
    from changes
    inner join known_days
        on changes.time_zone = known_days.time_zone
)

select * from zone_offsets
