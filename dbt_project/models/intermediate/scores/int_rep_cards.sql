with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_windows as (
    select * from {{ ref('int_windows') }}
    where purpose <> 'before'
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- both moments of a week are measured by the scorecard of the week: a promotion moves no status
cards as (
    select
        int_windows.purpose,
        int_windows.window_start,
        int_windows.window_end,
        int_rep_periods.rep_id,
        int_rep_periods.rep_version_id,
        int_rep_periods.reference_date,
        int_rep_periods.role,
        int_rep_periods.period_type,
        int_rep_periods.period_id,
        int_rep_periods.period_start,
        int_rep_periods.is_current,
        int_scorecard_metrics__resolved.metric_id,
        int_scorecard_metrics__resolved.metric_kind,
        int_scorecard_metrics__resolved.weight,
        int_scorecard_metrics__resolved.sort_order,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation,
        metrics.is_higher_better
    from int_rep_periods
    inner join int_windows
        on
            int_rep_periods.period_type = int_windows.period_type
            and int_rep_periods.period_start = int_windows.period_start
    inner join int_scorecard_metrics__resolved
        on
            int_rep_periods.role = int_scorecard_metrics__resolved.role
            and int_rep_periods.tier = int_scorecard_metrics__resolved.tier
    inner join metrics
        on int_scorecard_metrics__resolved.metric_id = metrics.metric_id
    where int_rep_periods.is_employed or int_windows.purpose = 'period'
)

select * from cards
