with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_periods__aged as (
    select * from {{ ref('int_periods__aged') }}
),

int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

int_activity_metrics as (
    select * from {{ ref('int_activity_metrics') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- the current period and the last that is closed
recent_periods as (
    select
        period_type,
        period_start
    from int_periods__aged
    where age <= 2 and is_diagnosed
),

activity_roles as (
    select distinct int_funnel_metrics__placed.role
    from int_funnel_metrics__placed
    inner join int_activity_metrics
        on int_funnel_metrics__placed.metric_id = int_activity_metrics.metric_id
),

-- where activities were not captured, a funnel shows that gap and not the rep
final as (
    select
        int_rep_periods.rep_id,
        int_rep_periods.period_type,
        int_rep_periods.period_id,
        int_rep_periods.period_start,
        int_rep_periods.period_end,
        int_rep_periods.is_current,
        int_rep_periods.rep_version_id,
        int_rep_periods.reference_date,
        int_rep_periods.rep_name,
        int_rep_periods.team,
        int_rep_periods.role,
        int_rep_periods.tier,
        int_rep_periods.capacity_days
    from int_rep_periods
    inner join recent_periods
        on
            int_rep_periods.period_type = recent_periods.period_type
            and int_rep_periods.period_start = recent_periods.period_start
    cross join int_settings
    left join activity_roles
        on int_rep_periods.role = activity_roles.role
    where
        activity_roles.role is null
        or int_rep_periods.work_days < int_settings.suspect_min_capacity_days
        or coalesce(
            int_rep_periods.coverage_ratio
            >= int_settings.suspect_coverage_ratio * int_rep_periods.team_coverage_ratio, true
        )
)

select * from final
