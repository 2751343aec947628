{{ config(severity='warn') }}
-- a warning, for a hard year is no defect; a goal that fewer than 40 % or more than 80 % of at
-- least five reps reach over 13 weeks tells nobody anything: compare it with what peers do
with scorecard_rep_metrics as (
    select * from {{ ref('scorecard_rep_metrics') }}
)

select
    role,
    tier,
    metric_id,
    count(*) as reps,
    avg(case when attainment >= 1 then 1e0 else 0e0 end) as reached_ratio
from scorecard_rep_metrics
where period_type = 'last_13_weeks' and attainment is not null
group by 1, 2, 3
having
    count(*) >= 5
    and avg(case when attainment >= 1 then 1e0 else 0e0 end) not between 0.4 and 0.8
