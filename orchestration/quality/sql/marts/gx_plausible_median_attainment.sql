-- what: The typical rep is neither near nothing nor many times above goal, where enough was
--     expected over the last four weeks that this could be told from luck.
-- reason: If so, goals and counts are in different units, or the records of many reps are missing:
-- remedy: compare the goals with what was counted. If the figures are right, widen
--     min_median_attainment or max_median_attainment in company_settings.csv.
-- severity: error
-- table: scorecard_rep_metrics
-- column: attainment
-- expected: {{ min_median_attainment }} to {{ max_median_attainment }}
-- settings: min_median_attainment, max_median_attainment
-- absent: too little was expected over the last four weeks to tell

with attainments as (
    select median(attainment) as attainment, count(attainment) as row_count
    from marts.scorecard_rep_metrics
    where
        period_type = 'last_4_weeks'
        and is_current
        and evidence <> 'too_little_data'
        -- what no record ever counted for says nothing of units
        and metric_id in (select metric_id from facts)
    having count(attainment) > 0
)

select
    'median attainment of the last four weeks' as subject,
    round(attainment, 3) || ' over ' || row_count || ' goals' as observed,
    '{{ min_median_attainment }} to {{ max_median_attainment }}' as expected,
    case
        when attainment between {{ min_median_attainment }} and {{ max_median_attainment }} then 0
        else 1
    end as failed_rows
from attainments
