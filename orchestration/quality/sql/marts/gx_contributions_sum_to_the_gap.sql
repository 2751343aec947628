-- what: What the factors of a diagnosis contribute sums to the gap, one of them is the main cause,
--     and the result is that of the scorecard.
-- severity: error
-- table: scorecard_diagnosis
-- column: contribution
-- expected: the gap and the scorecard's actual
-- absent: no result was missed in a funnel of this company's policy

with diagnoses as (
    select
        rep_id,
        metric_id,
        period_type,
        period_start,
        max(actual) as actual,
        max(gap) as gap,
        sum(contribution) as contributions,
        sum(cast(is_main_cause as integer)) as main_causes
    from marts.scorecard_diagnosis
    group by all
)

select
    diagnoses.rep_id || ' ' || diagnoses.period_type || ' ' || diagnoses.period_start as subject,
    diagnoses.contributions || ' of ' || diagnoses.actual as observed,
    diagnoses.gap || ' of ' || coalesce(metrics.actual, diagnoses.actual) as expected,
    cast(
        not agrees(diagnoses.contributions, diagnoses.gap)
        or diagnoses.main_causes <> 1
        or not agrees(coalesce(metrics.actual, diagnoses.actual), diagnoses.actual)
        as integer
    ) as failed_rows
from diagnoses
left join marts.scorecard_rep_metrics as metrics
    on
        diagnoses.rep_id = metrics.rep_id
        and diagnoses.metric_id = metrics.metric_id
        and diagnoses.period_type = metrics.period_type
        and diagnoses.period_start = metrics.period_start
