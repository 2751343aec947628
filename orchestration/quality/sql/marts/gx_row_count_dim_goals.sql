-- what: dim_goals is not empty although there is something to put into it.
-- remedy: If it is, look for the first model before it without rows.
-- severity: error
-- table: dim_goals
-- expected: at least 1 row
-- absent: no goals in this company's policy

select
    'dim_goals' as subject,
    (select count(*) from marts.dim_goals) || ' rows' as observed,
    'at least 1 row' as expected,
    case when exists (select 1 from marts.dim_goals) then 0 else 1 end as failed_rows
where exists (
    select 1 from config.goals
    union all
    select 1 from raw_files.goals
    where coalesce(_is_deleted, 'false') <> 'true'
)
