-- partitioned by rep_id: what was said of one rep
-- each day of five weeks, the ends of the weeks of a quarter, the ends of the months of a year
select
    rep_id,
    as_of_date,
    published_at,
    metric_id,
    metric_name,
    unit,
    aggregation,
    is_higher_better,
    sort_order,
    period_type,
    period_id,
    actual,
    goal_to_date,
    attainment,
    status,
    score,
    score_status
from scorecard_history
where
    period_type in (select period_type from dim_period_types where kind = 'calendar')
    -- a day that lies ahead was published by a wrong clock
    and as_of_date <= (select max(scorecard_reps.as_of_date) from scorecard_reps)
    and (
        as_of_date > (select max(scorecard_reps.as_of_date) from scorecard_reps) - 35
        or (
            as_of_date > (select max(scorecard_reps.as_of_date) from scorecard_reps) - 91
            and isodow(as_of_date) = 7
        )
        or (
            as_of_date > (select max(scorecard_reps.as_of_date) from scorecard_reps) - 400
            and as_of_date = last_day(as_of_date)
        )
    )
order by rep_id, as_of_date, period_type, sort_order
