-- what: The live rows of {{ name }} are those that the loader counted, and no id is there twice.
-- reason: If not, somebody changed the raw table:
-- remedy: run `scorecard refresh --full`.
-- severity: error
-- tables: every_object
-- expected: live rows as counted, each id once

with stored as (
    select
        count(*) filter (_is_deleted = 'false') as live_rows,
        count(*) - count(distinct id) as repeated_rows
    from {{ schema }}.{{ table }}
),

-- the last load is the last row, whatever the clock said
counted as (
    select coalesce(max_by(live_rows, rowid), 0) as live_rows
    from {{ schema }}._loads
    where object_name = '{{ loaded_as }}'
)

select
    '{{ name }}' as subject,
    stored.live_rows || ' live rows, ' || stored.repeated_rows || ' ids more than once'
        as observed,
    counted.live_rows || ' live rows, each id once' as expected,
    abs(stored.live_rows - counted.live_rows) + stored.repeated_rows as failed_rows
from stored
cross join counted
