-- what: Every rep employed on the as-of date in a role with a scorecard is on it, with 0 if nothing
--     was done.
-- severity: error
-- table: scorecard_reps
-- column: rep_id
-- expected: a scorecard of the current month for each
-- absent: no rep is employed in a role with a scorecard

with employed as (
    select rep_id, rep_name
    from marts.dim_reps
    where
        rep_id <> 'unassigned'
        and coalesce(valid_from, {{ as_of }}) <= {{ as_of }}
        and coalesce(valid_to, {{ as_of }} + 1) > {{ as_of }}
        and coalesce(hire_date, {{ as_of }}) <= {{ as_of }}
        and coalesce(end_date, {{ as_of }}) >= {{ as_of }}
        and role in (select role from config.scorecard_metrics)
),

missing as (
    select * from employed
    where rep_id not in (
        select rep_id from marts.scorecard_reps where period_type = 'month' and is_current
    )
)

select
    'employed reps' as subject,
    (select count(*) from missing) || ' of ' || count(*) || ' without a scorecard'
    || coalesce(
        ': ' || (
            select string_agg(rep_id, ', ' order by rep_id)
            from (select rep_id from missing order by rep_id limit 5)
        ),
        ''
    ) as observed,
    'a scorecard of the current month for each' as expected,
    (select count(*) from missing) as failed_rows
from employed
having count(*) > 0
