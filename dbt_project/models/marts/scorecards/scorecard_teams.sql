with int_scores__evidenced as (
    select * from {{ ref('int_scores__evidenced') }}
    where scope in ('team', 'unassigned', 'organisation')
),

int_metrics__by_window as (
    select * from {{ ref('int_metrics__by_window') }}
    where scope in ('team', 'unassigned', 'organisation') and purpose = 'period'
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

employed_reps as (
    select * from {{ ref('int_rep_periods') }}
    where is_employed
),

metrics as (
    select * from {{ ref('metrics') }}
),

rep_counts as (
    select
        period_type,
        period_start,
        'team' as scope,
        team as scope_id,
        count(distinct rep_id) as rep_count
    from employed_reps
    group by 1, 2, 3, 4
    union all
    select
        period_type,
        period_start,
        'organisation' as scope,
        'All teams' as scope_id,
        count(distinct rep_id) as rep_count
    from employed_reps
    group by 1, 2, 3, 4
),

-- what nobody asked for is in the total too
final as (
    select
        {{ as_of_date() }} as as_of_date,
        int_scores__evidenced.scope as team_scope,
        int_scores__evidenced.scope_id as team,
        int_scores__evidenced.metric_id,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation,
        metrics.is_higher_better,
        metrics.sort_order,
        int_scores__evidenced.period_type,
        int_periods.period_id,
        int_scores__evidenced.period_start,
        int_periods.period_end,
        int_periods.is_current,
        coalesce(rep_counts.rep_count, 0) as rep_count,
        case
            when metrics.aggregation in ('count', 'sum')
                then {{ settle('coalesce(int_metrics__by_window.numerator, 0)') }}
            else int_metrics__by_window.numerator / nullif(int_metrics__by_window.denominator, 0)
        end as actual,
        int_scores__evidenced.actual as actual_with_goal,
        int_scores__evidenced.goal_to_date,
        int_scores__evidenced.goal_period,
        int_scores__evidenced.judged_actual,
        int_scores__evidenced.judged_goal,
        int_scores__evidenced.judged_days,
        int_scores__evidenced.working_days,
        int_scores__evidenced.attainment,
        case
            when metrics.aggregation in ('count', 'sum')
                then {{ settle('coalesce(int_metrics__by_window.numerator, 0)') }}
            else int_metrics__by_window.numerator
        end as numerator,
        int_metrics__by_window.denominator,
        int_scores__evidenced.dispersion,
        int_scores__evidenced.level,
        int_scores__evidenced.evidence,
        int_scores__evidenced.z_score,
        int_scores__evidenced.status,
        case
            when metrics.aggregation in ('count', 'sum')
                then coalesce(int_metrics__by_window.unassigned_numerator, 0)
        end as unassigned_actual
    from int_scores__evidenced
    inner join int_metrics__by_window
        on
            int_scores__evidenced.scope = int_metrics__by_window.scope
            and int_scores__evidenced.scope_id = int_metrics__by_window.scope_id
            and int_scores__evidenced.metric_id = int_metrics__by_window.metric_id
            and int_scores__evidenced.period_type = int_metrics__by_window.period_type
            and int_scores__evidenced.period_start = int_metrics__by_window.period_start
    inner join metrics
        on int_scores__evidenced.metric_id = metrics.metric_id
    inner join int_periods
        on
            int_scores__evidenced.period_type = int_periods.period_type
            and int_scores__evidenced.period_start = int_periods.period_start
    left join rep_counts
        on
            int_scores__evidenced.scope = rep_counts.scope
            and int_scores__evidenced.scope_id = rep_counts.scope_id
            and int_scores__evidenced.period_type = rep_counts.period_type
            and int_scores__evidenced.period_start = rep_counts.period_start
)

select * from final
