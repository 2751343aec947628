{{ config(severity='warn') }}
-- a warning, for a new metric has no events yet; remedy: does event_rules.csv describe the records
-- as the source writes them?
with int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

happened as (
    select distinct metric_id from int_metrics__daily
)

select distinct int_scorecard_metrics__resolved.metric_id
from int_scorecard_metrics__resolved
left join happened
    on int_scorecard_metrics__resolved.metric_id = happened.metric_id
where happened.metric_id is null
