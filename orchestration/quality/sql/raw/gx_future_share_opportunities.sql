-- what: Hardly any deal was opened or closed in the future.
-- remedy: Correct the dates in the CRM: such deals count only when their day has come. If they are
--     right, raise max_future_ratio in company_settings.csv.
-- severity: warn
-- table: opportunities
-- column: close_date
-- expected: at most {{ '{:.0%}'.format(max_future_ratio) }} in the future
-- settings: max_future_ratio
-- absent: no opportunities in this source

with counted as (
    select
        count(*) filter (
            greatest(
                try_cast(substr(created_at, 1, 10) as date),
                case when is_closed = 'true' then try_cast(close_date as date) end
            ) > (
                select greatest(cast(read_at + interval 1 day as date), {{ as_of }}) from last_read
            )
        ) as bad_count,
        count(*) as row_count
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    having count(*) > 0
)

select
    'deals opened or closed after they were read' as subject,
    share_text(bad_count, row_count) as observed,
    at_most_share({{ max_future_ratio }}) as expected,
    share_failures(bad_count, row_count, {{ max_future_ratio }}, {{ min_rows_for_ratios }})
        as failed_rows
from counted
