-- what: Each event rule matches at least one record.
-- reason: A metric whose rules match nothing is not captured, and nobody is judged by it:
-- remedy: write type, direction and outcome as the records have them, or remove the line.
-- severity: warn
-- table: dim_metrics

with rules as (
    select
        policy_event_rules.*,
        exists (
            select 1 from record_kinds
            where record_kinds.source_table = policy_event_rules.source_table
        ) as has_records
    from policy_event_rules
    where line not in (select line from rule_kinds)
),

metrics as (
    select event_type, string_agg(metric_id, ', ' order by line) as metric_ids
    from policy_metrics
    group by 1
),

-- what records of that type, or of any, are like
candidates as (
    select
        rules.line,
        coalesce(record_kinds.shown_type, record_kinds.record_type, '') as record_type,
        coalesce(record_kinds.shown_outcome, record_kinds.outcome, 'no outcome') as outcome,
        sum(record_kinds.row_count) as row_count,
        lower(rules.activity_type) = record_kinds.record_type as is_same_type
    from rules
    inner join record_kinds
        on rules.source_table = record_kinds.source_table
    group by all
),

ranked as (
    select
        *,
        row_number() over (
            partition by line
            order by is_same_type desc nulls last, row_count desc, record_type, outcome
        ) as place,
        coalesce(bool_or(is_same_type) over (partition by line), false) as has_same_type
    from candidates
),

likely as (
    select
        line,
        string_agg(
            trim(record_type || ' / ' || outcome, ' /') || ' (' || row_count || ')', ', '
            order by place
        ) as kinds
    from ranked
    where place <= 3
    group by 1
)

select
    rules.file,
    null as source_table,
    rules.line,
    'no record matches this rule of event ''' || rules.event_type || ''': ' || rules.source_table
    || coalesce(' of type ''' || rules.activity_type || '''', '')
    || coalesce(', direction ''' || rules.direction || '''', '')
    || coalesce(', outcome ''' || rules.outcome || '''', '')
    || coalesce(', of ' || rules.min_duration_seconds || ' seconds or more', '')
    || coalesce('; it is what ' || metrics.metric_ids || ' counts', '') as message,
    'write it as the records have it (' || likely.kinds || '), or remove the line' as remedy,
    1 as failed_rows
from rules
left join metrics
    on rules.event_type = metrics.event_type
left join likely
    on rules.line = likely.line
where rules.has_records
union all
select
    min(rules.file),
    null,
    min(rules.line),
    'there are no records of ' || rules.source_table || ', so that the rules on line'
    || case when count(*) > 1 then 's ' else ' ' end
    || string_agg(cast(rules.line as varchar), ', ' order by rules.line) || ' match nothing'
    || coalesce(
        '; ' || string_agg(metrics.metric_ids, ', ' order by rules.line) || ' not captured', ''
    ),
    'deliver ' || rules.source_table || ', or remove these lines and their metrics',
    count(*)
from rules
left join metrics
    on rules.event_type = metrics.event_type
where not rules.has_records
group by rules.source_table
