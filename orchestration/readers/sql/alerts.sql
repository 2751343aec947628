-- The current figures of each active rep, for the statuses that alert somebody.
select
    dim_reps.rep_id,
    dim_reps.rep_name,
    dim_reps.manager_id,
    scorecard_rep_metrics.metric_id,
    scorecard_rep_metrics.status,
    scorecard_rep_metrics.metric_name,
    scorecard_rep_metrics.unit,
    scorecard_rep_metrics.actual,
    scorecard_rep_metrics.goal_to_date,
    scorecard_rep_metrics.attainment
from scorecard_rep_metrics
inner join dim_reps
    on scorecard_rep_metrics.rep_id = dim_reps.rep_id
where
    dim_reps.is_current
    and dim_reps.is_active
    and scorecard_rep_metrics.period_type = '{{ period_type }}'
    and scorecard_rep_metrics.is_current
    and scorecard_rep_metrics.status in ({{ statuses }})
order by dim_reps.rep_name, dim_reps.rep_id, scorecard_rep_metrics.sort_order
