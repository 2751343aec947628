-- what: fct_leading_metrics_daily is not empty although there is something to put into it.
-- remedy: If it is, look for the first model before it without rows.
-- severity: error
-- table: fct_leading_metrics_daily
-- expected: at least 1 row
-- absent: no records for leading metrics in this source

select
    'fct_leading_metrics_daily' as subject,
    (select count(*) from marts.fct_leading_metrics_daily) || ' rows' as observed,
    'at least 1 row' as expected,
    case when exists (select 1 from marts.fct_leading_metrics_daily) then 0 else 1 end
        as failed_rows
where exists (select 1 from recorded_metrics where metric_kind = 'leading')
