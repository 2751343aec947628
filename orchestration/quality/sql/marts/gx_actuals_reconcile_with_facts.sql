-- what: Each rep's actual of a current period is the sum of that rep's facts.
-- severity: error
-- table: scorecard_rep_metrics
-- column: actual
-- expected: actual = sum of the rep's facts
-- absent: nobody is on a scorecard

with shown as (
    select *, rep_id || ' ' || period_type || ' ' || period_id as label
    from marts.scorecard_rep_metrics
    where is_current
),

compared as (
    select
        shown.metric_id,
        case
            when shown.aggregation in ('count', 'sum')
                then agrees(coalesce(shown.actual, 0), coalesce(current_sums.value, 0))
            else
                agrees(coalesce(shown.numerator, 0), coalesce(current_sums.numerator, 0))
                and agrees(coalesce(shown.denominator, 0), coalesce(current_sums.denominator, 0))
        end as is_equal,
        shown.label || ': ' || coalesce(cast(shown.actual as varchar), 'nothing') as shown_text,
        coalesce(cast(coalesce(current_sums.value, current_sums.numerator) as varchar), 'nothing')
            as summed_text
    from shown
    left join current_sums
        on
            shown.rep_id = current_sums.rep_id
            and shown.metric_id = current_sums.metric_id
            and shown.period_type = current_sums.period_type
            and shown.period_start = current_sums.period_start
)

select
    metric_id as subject,
    coalesce(
        min(shown_text) filter (not is_equal) || ' where the facts have '
        || arg_min(summed_text, shown_text) filter (not is_equal),
        count(*) || ' figures agree'
    ) as observed,
    'the sum of the facts' as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
