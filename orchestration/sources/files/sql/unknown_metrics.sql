-- Each row whose metric is not among those of the policy.
select
    file_row_number as row,
    'metric_id' as column_name,
    metric_id as value,
    'is not a metric_id of metrics.csv; correct it' as reason
from {{ numbered }}
where not list_contains($1, metric_id)
