with int_metrics__by_window as (
    select * from {{ ref('int_metrics__by_window') }}
    where scope in ('team', 'unassigned', 'organisation') and purpose = 'period'
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
    where is_organisation
),

joined as (
    select
        int_metrics__by_window.*,
        metrics.aggregation,
        metrics.aggregation in ('count', 'sum') as is_additive,
        metrics.is_higher_better,
        int_dispersions.dispersion,
        int_metrics__by_window.weighed_goal
        / nullif(int_metrics__by_window.denominator_with_goal, 0) as mean_goal,
        int_metrics__by_window.weighed_goal_judged
        / nullif(int_metrics__by_window.denominator_judged_with_goal, 0) as mean_goal_judged
    from int_metrics__by_window
    inner join metrics
        on int_metrics__by_window.metric_id = metrics.metric_id
    left join int_dispersions
        on int_metrics__by_window.metric_id = int_dispersions.metric_id
),

-- what has no goal is in the total, but attainment and evidence leave it out: a team is not ahead
-- because people do what they have no goal for, nor behind by what nobody could see
measured as (
    select
        scope,
        scope_id,
        '' as role,
        metric_id,
        purpose,
        period_type,
        period_start,
        aggregation,
        is_higher_better,
        case
            when not is_additive
                then numerator_judged_with_goal / nullif(denominator_judged_with_goal, 0)
            when goal_period is not null then {{ settle('coalesce(numerator_with_goal, 0)') }}
        end as actual,
        case when is_additive then {{ settle('goal_to_date') }} else mean_goal end as goal_to_date,
        case when is_additive then {{ settle('goal_period') }} else mean_goal end as goal_period,
        case
            when not is_additive
                then numerator_judged_with_goal / nullif(denominator_judged_with_goal, 0)
            when goal_period is not null
                then {{ settle('coalesce(numerator_judged_with_goal, 0)') }}
        end as judged_actual,
        case when is_additive then {{ settle('goal_judged') }} else mean_goal_judged end
            as judged_goal,
        cast(null as {{ type_double() }}) as gapless_actual,
        cast(null as {{ type_double() }}) as gapless_goal,
        cast(coalesce(working_days, 0) as integer) as working_days,
        cast(coalesce(judged_days, 0) as integer) as judged_days,
        0 as gap_days,
        unjudged_capacity,
        numerator_judged_with_goal as numerator,
        denominator_judged_with_goal as denominator,
        sum_of_squares_judged_with_goal as sum_of_squares,
        dispersion,
        case
            when case when is_additive then full_goal else mean_goal end = 0 then 'no_goal'
            when working_days > 0 and judged_days = 0 then 'not_captured'
        end as untold_status
    from joined
)

select * from measured
