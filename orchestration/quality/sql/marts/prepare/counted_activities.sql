-- what: the activities that count by the as-of date, by what event rules look at. Only near the
--     as-of date does the local day need the rep's time zone: elsewhere the UTC day decides.

with live as (
    select
        nullif(trim(rep_id), '') as rep_id,
        nullif(lower(trim(activity_type)), '') as activity_type,
        nullif(lower(trim(direction)), '') as direction,
        nullif(lower(trim(outcome)), '') as outcome,
        duration_seconds,
        case when length(occurred_at) = 10 then cast(occurred_at as date) end as occurred_day,
        cast(occurred_at as timestamptz) as occurred_at
    from source_activities
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and occurred_at >= cast({{ as_of }} as varchar)
        and occurred_at < cast({{ as_of }} + 2 as varchar)
),

zoned_reps as (
    select
        trim(rep_id) as rep_id,
        valid_from,
        coalesce(nullif(trim(time_zone), ''), {{ time_zone }}) as time_zone
    from source_reps
    where coalesce(_is_deleted, 'false') <> 'true'
),

-- a version begins at midnight of the place left
rep_versions as (
    select
        rep_id,
        time_zone,
        coalesce(
            timezone(
                lag(time_zone) over (partition by rep_id order by valid_from asc nulls first),
                cast(valid_from as timestamp)
            ),
            timestamptz '1900-01-01 00:00:00+00'
        ) as effective_at
    from zoned_reps
),

near as (
    select live.*
    from live
    asof left join rep_versions
        on live.rep_id = rep_versions.rep_id and live.occurred_at >= rep_versions.effective_at
    where
        coalesce(
            live.occurred_day,
            cast(
                timezone(coalesce(rep_versions.time_zone, {{ time_zone }}), live.occurred_at)
                as date
            )
        ) <= {{ as_of }}
),

earlier as (
    select activity_type, direction, outcome, duration_seconds, count(*) as row_count
    from source_activities
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and occurred_at < cast({{ as_of }} as varchar)
    group by 1, 2, 3, 4
),

counted as (
    select
        nullif(lower(trim(activity_type)), '') as activity_type,
        nullif(lower(trim(direction)), '') as direction,
        nullif(lower(trim(outcome)), '') as outcome,
        coalesce(try_cast(duration_seconds as double), 0) as seconds,
        row_count
    from earlier
    union all
    select
        activity_type,
        direction,
        outcome,
        coalesce(try_cast(duration_seconds as double), 0) as seconds,
        1 as row_count
    from near
)

select row_number() over () as cell_id, counted.* from counted
