-- what: What was published of an earlier day is what one release said, each figure once.
-- reason: If not, the published history was changed by hand.
-- severity: error
-- table: scorecard_restatements
-- expected: one release a day, one row per rep, metric and period type
-- absent: nothing was published before this day

with counted as (
    select
        as_of_date,
        count(*) as row_count,
        count(distinct hash(rep_id, metric_id, period_type)) as key_count,
        count(distinct release_id) as release_count
    from raw_published.scorecard_history
    group by 1
)

select
    cast(as_of_date as varchar) as subject,
    row_count || ' rows of ' || release_count || ' release(s)' as observed,
    key_count || ' rows of one release' as expected,
    row_count - key_count + release_count - 1 as failed_rows
from counted
