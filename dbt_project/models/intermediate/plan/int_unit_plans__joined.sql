with int_plan_metrics as (
    select * from {{ ref('int_plan_metrics') }}
),

int_funnel_chains__multiplied as (
    select * from {{ ref('int_funnel_chains__multiplied') }}
),

int_funnel_paces__ranked as (
    select * from {{ ref('int_funnel_paces__ranked') }}
),

int_funnel_months__weighed as (
    select * from {{ ref('int_funnel_months__weighed') }}
),

int_funnel_targets__assigned as (
    select * from {{ ref('int_funnel_targets__assigned') }}
),

final as (
    select
        int_plan_metrics.role,
        int_funnel_targets__assigned.fiscal_year,
        int_funnel_targets__assigned.year_start_date,
        int_plan_metrics.probability,
        int_plan_metrics.normal_quantile,
        int_plan_metrics.step,
        int_plan_metrics.last_step,
        int_plan_metrics.metric_id,
        int_plan_metrics.metric_name,
        int_plan_metrics.unit,
        int_funnel_chains__multiplied.result_unit,
        case
            when int_funnel_chains__multiplied.result_unit = 'money'
                then int_funnel_targets__assigned.revenue_target
        end as result_target,
        int_funnel_chains__multiplied.result_dispersion,
        int_funnel_chains__multiplied.history_from,
        int_funnel_chains__multiplied.history_to,
        int_funnel_chains__multiplied.own_weight,
        int_funnel_chains__multiplied.rate,
        int_funnel_chains__multiplied.events_per_result,
        int_funnel_paces__ranked.channel_share,
        int_funnel_paces__ranked.reps,
        int_funnel_paces__ranked.capacity_days_per_rep,
        int_funnel_paces__ranked.median_per_day,
        int_funnel_paces__ranked.top_quartile_per_day,
        int_funnel_targets__assigned.assigned_goal,
        int_funnel_months__weighed.working_days,
    {% for month in range(1, 13) %}
    int_funnel_months__weighed.month_{{ month }}_share{{ "," if not loop.last }}
    {% endfor %}
    from int_plan_metrics
    inner join int_funnel_chains__multiplied
        on
            int_plan_metrics.role = int_funnel_chains__multiplied.role
            and int_plan_metrics.step = int_funnel_chains__multiplied.step
    inner join int_funnel_paces__ranked
        on
            int_plan_metrics.role = int_funnel_paces__ranked.role
            and int_plan_metrics.metric_id = int_funnel_paces__ranked.metric_id
    inner join int_funnel_months__weighed
        on
            int_plan_metrics.role = int_funnel_months__weighed.role
            and int_plan_metrics.metric_id = int_funnel_months__weighed.metric_id
    inner join int_funnel_targets__assigned
        on
            int_plan_metrics.role = int_funnel_targets__assigned.role
            and int_plan_metrics.metric_id = int_funnel_targets__assigned.metric_id
)

select * from final
