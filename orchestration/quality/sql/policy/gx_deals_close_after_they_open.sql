-- what: Each deal is closed on the day on which it was created, or later.
-- reason: A deal closed before it was created has no sales cycle:
-- remedy: correct the dates, or leave created_at empty where a migration wrote the day of the
--     import.
-- severity: warn
-- table: fct_lagging_metrics_daily

select
    null as file,
    'opportunities' as source_table,
    min(file_row_number) as line,
    count(*) || case when count(*) = 1 then ' deal was' else ' deals were' end
    || ' closed before created, such as '''
    || min_by(opportunity_id, coalesce(file_row_number, 0)) || ''' on '
    || min_by(close_date, coalesce(file_row_number, 0)) as message,
    'correct the dates; such deals count, but in no sales cycle' as remedy,
    count(*) as failed_rows
from source_opportunities
where
    coalesce(_is_deleted, 'false') <> 'true'
    and is_closed = 'true'
    and try_cast(close_date as date) < local_day(created_at, {{ time_zone }})
having count(*) > 0
