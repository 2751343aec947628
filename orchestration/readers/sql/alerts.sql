-- The current figures of each active rep, for the statuses that alert somebody, most urgent first.
select
    dim_reps.rep_id,
    dim_reps.rep_name,
    dim_reps.manager_id,
    scorecard_rep_metrics.metric_id,
    scorecard_rep_metrics.status,
    dim_statuses.status_name,
    dim_statuses.alert_words,
    dim_statuses.evidence,
    scorecard_rep_metrics.metric_name,
    scorecard_rep_metrics.unit,
    scorecard_rep_metrics.actual,
    scorecard_rep_metrics.goal_to_date,
    scorecard_rep_metrics.attainment
from scorecard_rep_metrics
inner join dim_reps
    on scorecard_rep_metrics.rep_id = dim_reps.rep_id
inner join dim_statuses
    on scorecard_rep_metrics.status = dim_statuses.status
where
    dim_reps.is_current
    and dim_reps.is_active
    and scorecard_rep_metrics.period_type = '{{ period_type }}'
    and scorecard_rep_metrics.is_current
    and dim_statuses.alert_words is not null
order by
    dim_statuses.sort_order,
    dim_reps.rep_name,
    dim_reps.rep_id,
    scorecard_rep_metrics.sort_order
