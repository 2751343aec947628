-- the results: the last step of each funnel
select
    rep_id,
    period_type,
    period_id,
    period_start,
    period_end,
    is_current,
    metric_id,
    step_name,
    unit,
    actual,
    goal,
    expected
from scorecard_funnels
where step = last_step
