-- what: What a restated figure would be today is the sum of the facts of its days.
-- reason: The latest day that was restated is looked at.
-- severity: error
-- table: scorecard_restatements
-- column: restated_actual
-- expected: restated actual = sum of the facts
-- absent: nothing was restated

-- the mart takes differences of running sums; here the days of each window of the latest day that
-- was restated are added up
with summed as (
    select
        shown.as_of_date,
        shown.rep_id,
        shown.metric_id,
        shown.period_type,
        any_value(shown.restated_actual) as shown_actual,
        case
            when any_value(dim_metrics.aggregation) in ('count', 'sum')
                then coalesce(sum(facts.numerator), 0)
            else sum(facts.numerator) / nullif(sum(facts.denominator), 0)
        end as summed_actual
    from marts.scorecard_restatements as shown
    inner join marts.dim_metrics
        on shown.metric_id = dim_metrics.metric_id
    left join facts
        on
            shown.rep_id = facts.rep_id
            and shown.metric_id = facts.metric_id
            and facts.date_day between shown.period_start and shown.as_of_date
    where shown.as_of_date = (select max(as_of_date) from marts.scorecard_restatements)
    group by 1, 2, 3, 4
),

compared as (
    select
        *,
        coalesce(
            agrees(shown_actual, summed_actual),
            shown_actual is null and summed_actual is null
        ) as is_equal
    from summed
)

select
    metric_id as subject,
    coalesce(
        'rep ' || min(rep_id) filter (not is_equal) || ' as of '
        || arg_min(as_of_date, rep_id) filter (not is_equal),
        count(*) || ' figures agree'
    ) as observed,
    'the sum of the facts of those days' as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
