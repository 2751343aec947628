-- what: Each metric on a scorecard has a goal for some rep of the role.
-- reason: Without a goal a metric has no attainment and no level:
-- remedy: add a goal to goals.csv, or remove the metric from the scorecard.
-- severity: warn
-- table: scorecard_rep_metrics

with measured as (
    select * from policy_scorecard_metrics
    where role in (select role from rep_spans)
)

select
    measured.file,
    null as source_table,
    min(measured.line) as line,
    'the scorecard of role ''' || measured.role || ''''
    || coalesce(', tier ''' || measured.tier || '''', '') || ' has '
    || string_agg(measured.metric_id, ', ' order by measured.line)
    || ', for which no rep of it has a goal on any day' as message,
    'add a goal to goals.csv, or remove the metric' as remedy,
    count(*) as failed_rows
from measured
where
    not exists (
        select 1 from goal_spans
        where
            goal_spans.metric_id = measured.metric_id
            and goal_spans.role = nfc_normalize(measured.role)
            and (measured.tier is null or goal_spans.tier = nfc_normalize(measured.tier))
    )
group by measured.file, measured.role, measured.tier
