-- what: Hardly any activity, and hardly any closed deal, is dated after it was read.
-- reason: Planned meetings are normal; many future records point to wrong time zones or years:
-- remedy: correct the mapping or the dates. If so much is planned ahead, raise max_future_ratio in
--     company_settings.csv.
-- severity: warn
-- table: dim_dates
-- settings: max_future_ratio

with edge as (
    select cast(greatest({{ as_of }}, coalesce({{ read_on }}, {{ as_of }})) + 1 as varchar) as day
),

records as (
    select
        'activities' as source_table,
        count(*) filter (left(occurred_at, 10) > edge.day) as bad_count,
        count(*) as row_count,
        max(left(occurred_at, 10)) as last_day
    from source_activities
    cross join edge
    where coalesce(_is_deleted, 'false') <> 'true'
    union all
    select
        'opportunities',
        count(*) filter (
            left(created_at, 10) > edge.day
            or (is_closed = 'true' and left(close_date, 10) > edge.day)
        ),
        count(*),
        max(greatest(left(created_at, 10), case when is_closed = 'true' then close_date end))
    from source_opportunities
    cross join edge
    where coalesce(_is_deleted, 'false') <> 'true'
)

select
    null as file,
    source_table,
    null as line,
    share_text(bad_count, row_count) || ' ' || source_table || ' are dated after ' || edge.day
    || ', the last on ' || last_day as message,
    'correct the dates, or raise max_future_ratio in company_settings.csv; they count when '
    || 'their day has come' as remedy,
    bad_count as failed_rows
from records
cross join edge
where share_failures(bad_count, row_count, {{ max_future_ratio }}, {{ min_rows_for_ratios }}) > 0
