-- what: all daily facts

select rep_id, metric_id, date_day, value, numerator, denominator
from marts.fct_leading_metrics_daily
union all
select rep_id, metric_id, date_day, value, numerator, denominator
from marts.fct_lagging_metrics_daily
