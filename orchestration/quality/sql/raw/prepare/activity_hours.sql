-- what: the live activities by hour: one scan serves all checks, and hours are enough to find the
--     company's local day

with hours as (
    select
        substr(occurred_at, 1, 13) as hour_text,
        count(*) as row_count,
        count(*) filter (
            coalesce(trim(rep_id) not in (select rep_id from known_reps), true)
        ) as unassigned_count,
        count(*) filter (
            try_cast(duration_seconds as double) not between 0 and {{ max_duration_seconds }}
        ) as implausible_count,
        max(_extracted_at) as extracted_at
    from raw_files.activities
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 1
)

select
    *,
    try_cast(
        case
            when length(hour_text) = 10 then hour_text
            else replace(hour_text, 'T', ' ') || ':00:00'
        end as timestamp
    ) as hour_at,
    case
        when length(hour_text) = 10 then cast(hour_at as date)
        else cast(timezone({{ time_zone }}, timezone('UTC', hour_at)) as date)
    end as date_day
from hours
