-- partitioned by rep_id: what was restated of one rep
select
    rep_id,
    as_of_date,
    metric_id,
    period_type,
    restated_actual,
    late_count,
    changed_count,
    deleted_count
from scorecard_restatements
order by rep_id, as_of_date, metric_id, period_type
