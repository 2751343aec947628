-- what: What the organisation shows as unassigned is what has no rep in the facts.
-- severity: error
-- table: scorecard_teams
-- column: unassigned_actual
-- expected: unassigned = what has no rep
-- absent: no additive metric on a scorecard

with shown as (
    select * from marts.scorecard_teams
    where team_scope = 'organisation' and is_current and aggregation in ('count', 'sum')
),

compared as (
    select
        shown.metric_id,
        shown.period_type,
        coalesce(shown.unassigned_actual, 0) as shown_value,
        coalesce(current_sums.value, 0) as summed_value
    from shown
    left join current_sums
        on
            current_sums.rep_id = 'unassigned'
            and shown.metric_id = current_sums.metric_id
            and shown.period_type = current_sums.period_type
            and shown.period_start = current_sums.period_start
)

select
    metric_id || ' ' || period_type as subject,
    cast(shown_value as varchar) as observed,
    cast(summed_value as varchar) as expected,
    case
        when agrees(shown_value, summed_value) then 0
        else 1
    end as failed_rows
from compared
