-- what: Hardly any activity is dated more than a day after it was read.
-- reason: Planned meetings are normal; many future records point to wrong time zones or years:
-- remedy: correct the mapping. If so much is planned ahead, raise max_future_ratio in
--     company_settings.csv.
-- severity: warn
-- table: activities
-- column: occurred_at
-- expected: at most {{ '{:.0%}'.format(max_future_ratio) }} in the future
-- settings: max_future_ratio
-- absent: no activities in this source

with counted as (
    select
        coalesce(
            sum(row_count) filter (
                timezone('UTC', hour_at) > (select read_at + interval 1 day from last_read)
                and date_day > {{ as_of }}
            ),
            0
        ) as bad_count,
        sum(row_count) as row_count
    from activity_hours
    having count(*) > 0
)

select
    'activities after they were read' as subject,
    share_text(bad_count, row_count) as observed,
    at_most_share({{ max_future_ratio }}) as expected,
    share_failures(bad_count, row_count, {{ max_future_ratio }}, {{ min_rows_for_ratios }})
        as failed_rows
from counted
