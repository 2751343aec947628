-- what: No record vanishes: of each source table, and of each event, what was received is what was
--     counted and what was excluded with a reason. A difference is a record that got lost.
-- severity: error
-- table: record_accounting
-- column: raw_count
-- expected: raw_count = counted_count + excluded_count

select
    source_table as subject,
    coalesce(
        min(
            coalesce('event ' || event_type || ': ', '') || raw_count || ' received, '
            || counted_count || ' counted, ' || excluded_count || ' excluded'
        ) filter (raw_count <> counted_count + excluded_count),
        sum(raw_count) filter (event_type is null) || ' records add up'
    ) as observed,
    'as many as were received' as expected,
    count(*) filter (raw_count <> counted_count + excluded_count) as failed_rows
from marts.record_accounting
group by 1
