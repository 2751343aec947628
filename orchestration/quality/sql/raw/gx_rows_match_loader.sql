-- what: The live rows of {{ table }} are the rows of the file as the loader counted them, without
--     those it set aside.
-- reason: If they differ, a load was cut short:
-- remedy: run `scorecard refresh --full`.
-- severity: error
-- tables: every_file
-- expected: live rows = rows of the file - quarantined rows

with stored as (
    select
        count(*) filter (coalesce(_is_deleted, 'false') <> 'true') as live_rows,
        -- a row that the file itself marks as deleted is in the file, yet not live
        {{ "count(*) filter (is_deleted = 'true')" if 'is_deleted' in columns else '0' }}
            as flagged_rows
    from raw_files.{{ table }}
),

last_load as (
    select rows_in_file - coalesce(rows_quarantined, 0) as file_rows
    from raw_files._loads
    where table_name = '{{ table }}'
    order by rowid desc -- the order of loads, whatever the clock said
    limit 1
),

counted as (
    select coalesce(max(file_rows), 0) as file_rows from last_load
)

select
    '{{ table }}' as subject,
    stored.live_rows || ' live rows' as observed,
    case
        when stored.flagged_rows > 0
            then greatest(counted.file_rows - stored.flagged_rows, 0) || ' to '
        else ''
    end || counted.file_rows || ' rows' as expected,
    greatest(
        stored.live_rows - counted.file_rows,
        counted.file_rows - stored.flagged_rows - stored.live_rows,
        0
    ) as failed_rows
from stored
cross join counted
