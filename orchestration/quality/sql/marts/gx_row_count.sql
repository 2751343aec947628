-- what: {{ table }} is not empty although somebody in a role with a scorecard is employed.
-- remedy: If it is, look for the first model before it without rows.
-- severity: error
-- tables: scorecard_rep_metrics, scorecard_reps, scorecard_teams
-- expected: at least 1 row
-- absent: nobody is on a scorecard

select
    '{{ table }}' as subject,
    (select count(*) from marts.{{ table }}) || ' rows' as observed,
    'at least 1 row' as expected,
    case when exists (select 1 from marts.{{ table }}) then 0 else 1 end as failed_rows
where exists (
    select 1
    from marts.dim_reps
    where
        dim_reps.role in (select role from config.scorecard_metrics)
        and coalesce(dim_reps.valid_from, {{ as_of }}) <= {{ as_of }}
        and coalesce(dim_reps.valid_to, {{ as_of }} + 1) > {{ as_of }}
        and coalesce(dim_reps.hire_date, {{ as_of }}) <= {{ as_of }}
        and coalesce(dim_reps.end_date, {{ as_of }}) >= {{ as_of }}
)
