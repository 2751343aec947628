-- what: Most deals have a rep who is among the reps.
-- reason: What has no rep counts for the organisation only:
-- remedy: correct the mapping of the rep, or add the reps. If so many have none, raise
--     max_unassigned_ratio in company_settings.csv.
-- severity: error
-- table: opportunities
-- column: rep_id
-- expected: at most {{ '{:.0%}'.format(max_unassigned_ratio) }} without a rep
-- settings: max_unassigned_ratio
-- absent: no opportunities in this source

with counted as (
    select
        count(*) filter (
            coalesce(trim(rep_id) not in (select rep_id from known_reps), true)
        ) as bad_count,
        count(*) as row_count
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    having count(*) > 0
)

select
    'deals without a rep' as subject,
    share_text(bad_count, row_count) as observed,
    at_most_share({{ max_unassigned_ratio }}) as expected,
    share_failures(bad_count, row_count, {{ max_unassigned_ratio }}, {{ min_rows_for_ratios }})
        as failed_rows
from counted
