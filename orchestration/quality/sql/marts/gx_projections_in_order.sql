-- what: Every projection lies in its interval and every chance between 0 and 1.
-- severity: error
-- table: scorecard_rep_metrics
-- column: projection
-- expected: low <= projection <= high, chance from 0 to 1
-- absent: nothing is projected

with disordered as (
    select rep_id || ' ' || metric_id || ' ' || period_type as place
    from marts.scorecard_rep_metrics
    where
        projection_low > projection + 1e-6 * (1 + abs(projection))
        or projection > projection_high + 1e-6 * (1 + abs(projection))
        or goal_probability not between 0 and 1
        or isnan(goal_probability)
        or isnan(projection)
)

select
    'projections' as subject,
    (select count(*) from disordered) || ' of ' || count(*) || ' out of order'
    || coalesce(': ' || (select min(place) from disordered), '') as observed,
    'low <= projection <= high, chance from 0 to 1' as expected,
    (select count(*) from disordered) as failed_rows
from marts.scorecard_rep_metrics
where projection is not null
having count(*) > 0
