-- what: The typical rep is neither near nothing nor many times above goal over the last four weeks.
-- reason: If so, goals and counts are in different units, or the records of many reps are missing.
-- severity: error
-- table: scorecard_rep_metrics
-- column: attainment
-- expected: {{ min_median_attainment }} to {{ max_median_attainment }}
-- settings: min_median_attainment, max_median_attainment
-- absent: no goal has begun in this company's policy

with attainments as (
    select median(attainment) as attainment, count(attainment) as row_count
    from marts.scorecard_rep_metrics
    where period_type = 'last_4_weeks' and is_current
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
