-- partitioned by rep_id: the sheets of one rep
select
    rep_id,
    week_start_date,
    metric_id,
    metric_name,
    unit,
    aggregation,
    is_higher_better,
    sort_order,
    role,
    actual,
    goal_to_date,
    attainment,
    status,
    attainment_week_before,
    status_week_before
from scorecard_one_on_one_metrics
order by rep_id, week_start_date, sort_order
