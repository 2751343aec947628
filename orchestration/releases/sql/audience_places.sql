-- Whose figures an aggregate may hold: everybody in it, and those measured on its metric.
with shown as (
    select rep_id, team, '' as metric_id, period_type, period_start
    from marts.scorecard_reps
    where
        is_current
        or period_type in ('quarter', 'year')
        or period_end >= as_of_date - 100
    union all
    select rep_id, team, metric_id, period_type, period_start
    from marts.scorecard_rep_metrics
    where
        goal_to_date is not null
        and (
            is_current
            or period_type in ('quarter', 'year')
            or period_end >= as_of_date - 100
        )
)

select rep_id, team, metric_id, period_type, cast(period_start as varchar) from shown
