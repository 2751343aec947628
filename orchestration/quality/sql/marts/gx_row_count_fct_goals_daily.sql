-- what: fct_goals_daily is not empty although there is something to put into it.
-- remedy: If it is, look for the first model before it without rows.
-- severity: error
-- table: fct_goals_daily
-- expected: at least 1 row
-- absent: no goals in this company's policy

select
    'fct_goals_daily' as subject,
    (select count(*) from marts.fct_goals_daily) || ' rows' as observed,
    'at least 1 row' as expected,
    case when exists (select 1 from marts.fct_goals_daily) then 0 else 1 end as failed_rows
where exists (select 1 from marts.dim_goals)
