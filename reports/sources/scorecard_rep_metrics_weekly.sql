-- partitioned by rep_id: the trend of one rep
-- the current week and the 12 before it
select
    rep_id,
    metric_id,
    period_start,
    period_end,
    actual,
    goal_to_date,
    attainment,
    level,
    status
from scorecard_rep_metrics
where
    period_type = 'week'
    and period_start <= as_of_date
    and period_end >= as_of_date - 84
order by rep_id, metric_id, period_start
