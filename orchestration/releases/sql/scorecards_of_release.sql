-- The current scorecards, as the history keeps them.
create temp table scorecards as
select {{ columns }}
from warehouse.marts.scorecard_rep_metrics as metrics
inner join warehouse.marts.scorecard_reps as reps
    on
        metrics.rep_id = reps.rep_id
        and metrics.period_type = reps.period_type
        and metrics.period_start = reps.period_start
where metrics.is_current
order by metrics.rep_id, metrics.period_type, metrics.sort_order, metrics.metric_id
