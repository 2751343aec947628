-- the current week and the 12 before it: the trend beside each name
select
    rep_id,
    period_start,
    score
from scorecard_reps
where
    period_type = 'week'
    and period_start <= as_of_date
    and period_end >= as_of_date - 84
