-- what: The sheet of this week shows the figures of the scorecard of the last four weeks.
-- severity: error
-- table: scorecard_one_on_one_metrics
-- column: actual
-- expected: actual and attainment of the last four weeks
-- absent: nobody has a scorecard this week

-- the sheet adds up its four weeks from the facts, the scorecard by period: two ways to one figure
with compared as (
    select
        sheets.rep_id,
        sheets.metric_id,
        sheets.actual as sheet_actual,
        metrics.actual as actual,
        not agrees(coalesce(sheets.actual, 0), coalesce(metrics.actual, 0))
        or (sheets.attainment is null) <> (metrics.attainment is null)
        or abs(sheets.attainment - metrics.attainment) > 1e-6 as differs
    from marts.scorecard_one_on_one_metrics as sheets
    inner join marts.scorecard_rep_metrics as metrics
        on
            sheets.rep_id = metrics.rep_id
            and sheets.metric_id = metrics.metric_id
            and metrics.period_type = 'last_4_weeks'
    where sheets.is_current
)

select
    rep_id || ' ' || metric_id as subject,
    coalesce(cast(sheet_actual as varchar), 'nothing') as observed,
    coalesce(cast(actual as varchar), 'nothing') as expected,
    cast(coalesce(differs, false) as integer) as failed_rows
from compared
