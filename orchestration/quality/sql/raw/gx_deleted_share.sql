-- what: The share of deleted rows of {{ table }} has not exploded.
-- reason: A truncated export looks like mass deletion:
-- remedy: compare the file with the CRM; if the deletions are right, raise max_deleted_ratio in
--     company_settings.csv.
-- severity: error
-- tables: reps, activities, opportunities
-- column: _is_deleted
-- expected: at most {{ '{:.0%}'.format(max_deleted_ratio) }} deleted
-- settings: max_deleted_ratio
-- absent: no {{ table }} in this source

with counted as (
    select
        count(*) filter (_is_deleted = 'true') as bad_count,
        count(*) as row_count
    from raw_files.{{ table }}
    having count(*) > 0
)

select
    'deleted rows of {{ table }}' as subject,
    share_text(bad_count, row_count) as observed,
    at_most_share({{ max_deleted_ratio }}) as expected,
    share_failures(bad_count, row_count, {{ max_deleted_ratio }}, {{ min_rows_for_ratios }})
        as failed_rows
from counted
