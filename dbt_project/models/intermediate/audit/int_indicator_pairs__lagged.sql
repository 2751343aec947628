with int_indicator_pairs as (
    select * from {{ ref('int_indicator_pairs') }}
),

int_sales_cycles as (
    select * from {{ ref('int_sales_cycles') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

closing_metrics as (
    select distinct metrics.metric_id
    from metrics
    inner join event_rules
        on metrics.event_type = event_rules.event_type
    where
        event_rules.source_table = 'opportunities'
        and lower(event_rules.outcome) in ('won', 'lost', 'closed')
),

lagged_pairs as (
    select
        pairs.role,
        pairs.leading_metric_id,
        pairs.lagging_metric_id,
        leading_metrics.metric_name as leading_metric_name,
        lagging_metrics.metric_name as lagging_metric_name,
        leading_metrics.aggregation in ('count', 'sum')
        and lagging_metrics.aggregation in ('count', 'sum') as is_testable,
        case when lagging_metrics.is_higher_better then 1 else -1 end as direction,
        case
            when leading_closings.metric_id is null and lagging_closings.metric_id is not null
                then coalesce(int_sales_cycles.cycle_weeks, 0)
            else 0
        end as lag_weeks
    from int_indicator_pairs as pairs
    inner join metrics as leading_metrics
        on pairs.leading_metric_id = leading_metrics.metric_id
    inner join metrics as lagging_metrics
        on pairs.lagging_metric_id = lagging_metrics.metric_id
    left join closing_metrics as leading_closings
        on pairs.leading_metric_id = leading_closings.metric_id
    left join closing_metrics as lagging_closings
        on pairs.lagging_metric_id = lagging_closings.metric_id
    left join int_sales_cycles
        on pairs.role = int_sales_cycles.role
    -- the same events twice, as a number and as an amount, prove nothing
    where
        pairs.leading_metric_id <> pairs.lagging_metric_id
        and coalesce(leading_metrics.event_type, '') <> coalesce(lagging_metrics.event_type, ' ')
)

select * from lagged_pairs
