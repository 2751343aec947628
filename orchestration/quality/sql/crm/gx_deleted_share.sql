-- what: The share of deleted rows of {{ name }} has not exploded.
-- reason: Did the user or key lose access to records?
-- remedy: If the deletions are right, raise max_deleted_ratio in company_settings.csv.
-- severity: error
-- tables: every_object
-- expected: at most {{ '{:.0%}'.format(max_deleted_ratio) }} deleted
-- settings: max_deleted_ratio
-- absent: no {{ name }} was read

with counted as (
    select
        count(*) filter (_is_deleted = 'true') as bad_count,
        count(*) as row_count
    from {{ schema }}.{{ table }}
    having count(*) > 0
)

select
    'deleted rows of {{ name }}' as subject,
    bad_count || ' of ' || row_count as observed,
    at_most_share({{ max_deleted_ratio }}) as expected,
    share_failures(bad_count, row_count, {{ max_deleted_ratio }}, {{ min_rows_for_ratios }})
        as failed_rows
from counted
