-- what: Each pair of activity type and outcome is taken by an event rule.
-- reason: What no rule takes counts for nothing:
-- remedy: add rules for those that should count to event_rules.csv.
-- severity: warn
-- table: fct_leading_metrics_daily

with pairs as (
    select
        record_kinds.record_type,
        record_kinds.outcome,
        min(record_kinds.shown_type) as shown_type,
        min(record_kinds.shown_outcome) as shown_outcome,
        sum(record_kinds.row_count) as row_count,
        min(record_kinds.line) as line,
        bool_or(record_kinds.kind_id in (select kind_id from rule_kinds)) as is_taken
    from record_kinds
    where record_kinds.source_table = 'activities'
    group by 1, 2
),

ranked as (
    select
        *,
        row_number() over (order by row_count desc, shown_type, shown_outcome) as place,
        count(*) over () as pair_count,
        (select sum(row_count) from pairs) as all_rows
    from pairs
    where not is_taken
)

select
    null as file,
    'activities' as source_table,
    min(line) as line,
    sum(row_count) || ' of ' || max(all_rows)
    || ' activities match no event rule, by type and outcome: '
    || string_agg(
        coalesce(shown_type, 'no type') || ' / ' || coalesce(shown_outcome, 'no outcome') || ' ('
        || row_count || ')',
        ', ' order by place
    ) filter (place <= 12)
    || case when max(pair_count) > 12 then ' and ' || (max(pair_count) - 12) || ' more' else '' end
        as message,
    'add a rule to event_rules.csv for those that should count' as remedy,
    sum(row_count) as failed_rows
from ranked
having count(*) > 0
