-- partitioned by rep_id: what one rep agreed on
select
    rep_id,
    intervention_id,
    metric_id,
    metric_name,
    agreed_date,
    action,
    due_date,
    verdict,
    outcome,
    number_for_rep
from scorecard_interventions
order by rep_id, number_for_rep
