-- what: Every loaded row is staged once, deleted or live.
-- reason: Together with gx_rows_match_loader_* this means: rows of the files = staged rows +
--     quarantined rows.
-- severity: error
-- table: scorecard_rep_metrics
-- expected: staged rows = loaded rows, table by table

{% for table in file_tables %}
select
    '{{ table }}' as subject,
    staged.row_count || ' rows staged, ' || staged.live_count || ' of them live' as observed,
    stored.row_count || ' rows loaded, ' || stored.live_count || ' of them live' as expected,
    greatest(
        abs(staged.row_count - stored.row_count), abs(staged.live_count - stored.live_count)
    ) as failed_rows
from (
    select count(*) as row_count, count(*) filter (not is_deleted) as live_count
    from staging.stg_files__{{ table }}
) as staged
cross join (
    select
        count(*) as row_count,
        count(*) filter (coalesce(_is_deleted, 'false') <> 'true') as live_count
    from raw_files.{{ table }}
) as stored
{{ 'union all' if not loop.last }}
{% endfor %}
