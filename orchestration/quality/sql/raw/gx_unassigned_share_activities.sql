-- what: Most recent activities have a rep who is among the reps.
-- reason: What has no rep counts for the organisation only:
-- remedy: correct the mapping of the rep, or add the reps. If so many have none, raise
--     max_unassigned_ratio in company_settings.csv.
-- severity: error
-- table: activities
-- column: rep_id
-- expected: at most {{ '{:.0%}'.format(max_unassigned_ratio) }} without a rep
-- settings: recent_days, max_unassigned_ratio
-- absent: no activities in this source

with counted as (
    select
        coalesce(sum(unassigned_count) filter (is_recent), 0) as bad_count,
        coalesce(sum(row_count) filter (is_recent), 0) as row_count
    from (
        select
            *,
            date_day between {{ as_of }} - cast({{ recent_days }} as integer) and {{ as_of }}
                as is_recent
        from activity_hours
    )
    having count(*) > 0
)

select
    'activities without a rep' as subject,
    share_text(bad_count, row_count) as observed,
    at_most_share({{ max_unassigned_ratio }}) as expected,
    share_failures(bad_count, row_count, {{ max_unassigned_ratio }}, {{ min_rows_for_ratios }})
        as failed_rows
from counted
