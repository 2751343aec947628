-- what: What the organisation did in each current period is what all reps did, the unassigned
--     included.
-- severity: error
-- table: scorecard_teams
-- column: actual
-- expected: organisation = sum of the reps + unassigned
-- absent: nobody is on a scorecard

with shown as (
    select *, period_type || ' ' || period_id as label
    from marts.scorecard_teams
    where team_scope = 'organisation' and is_current
),

summed as (
    select
        metric_id,
        period_type,
        period_start,
        sum(value) as value,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from current_sums
    group by 1, 2, 3
),

compared as (
    select
        shown.metric_id,
        case
            when shown.aggregation in ('count', 'sum')
                then agrees(coalesce(shown.actual, 0), coalesce(summed.value, 0))
            else
                agrees(coalesce(shown.numerator, 0), coalesce(summed.numerator, 0))
                and agrees(coalesce(shown.denominator, 0), coalesce(summed.denominator, 0))
        end as is_equal,
        shown.label || ': ' || coalesce(cast(shown.actual as varchar), 'nothing') as shown_text,
        coalesce(cast(coalesce(summed.value, summed.numerator) as varchar), 'nothing')
            as summed_text
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
        min(shown_text) filter (not is_equal) || ' where the facts have '
        || arg_min(summed_text, shown_text) filter (not is_equal),
        count(*) || ' figures agree'
    ) as observed,
    'the sum of the facts' as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
