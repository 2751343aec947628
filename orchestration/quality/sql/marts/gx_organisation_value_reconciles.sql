-- what: What the organisation reaches per captured day of capacity, times these days of each rep,
--     adds up to what all reps reached on them.
-- severity: error
-- table: scorecard_benchmarks
-- column: organisation_value
-- expected: sum of organisation_value = sum of the reps' judged actuals
-- absent: no additive metric on a scorecard

-- what everyone reached per day, given back to each rep by days, is what everyone reached
with shown as (
    select
        metric_id,
        period_type || ' ' || period_id as label,
        period_type,
        period_start,
        sum(organisation_value) as organisation_value
    from marts.scorecard_benchmarks
    where aggregation in ('count', 'sum')
    group by all
    having count(organisation_value) > 0
),

summed as (
    select metric_id, period_type, period_start, sum(judged_actual) as actual
    from marts.scorecard_rep_metrics
    group by all
),

compared as (
    select
        shown.*,
        summed.actual,
        agrees(shown.organisation_value, coalesce(summed.actual, 0)) as is_equal
    from shown
    left join summed
        on
            shown.metric_id = summed.metric_id
            and shown.period_type = summed.period_type
            and shown.period_start = summed.period_start
)

select
    metric_id as subject,
    coalesce(
        min(label || ': ' || organisation_value) filter (not is_equal) || ' where the reps have '
        || arg_min(coalesce(actual, 0), label) filter (not is_equal),
        count(*) || ' periods add up'
    ) as observed,
    'the sum of the reps' as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
