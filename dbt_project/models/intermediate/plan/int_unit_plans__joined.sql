with int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
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

-- the chance to reach the target that is shown, and its quantile of the normal distribution
chances as (
    select
        0.5e0 as probability,
        0e0 as normal_quantile
    union all
    select
        0.8e0 as probability,
        0.8416212336e0 as normal_quantile
),

final as (
    select
        int_funnel_metrics__placed.role,
        int_funnel_targets__assigned.fiscal_year,
        int_funnel_targets__assigned.year_start_date,
        chances.probability,
        chances.normal_quantile,
        int_funnel_metrics__placed.step,
        int_funnel_metrics__placed.last_step,
        int_funnel_metrics__placed.metric_id,
        int_funnel_metrics__placed.metric_name,
        int_funnel_metrics__placed.unit,
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
    from int_funnel_metrics__placed
    cross join chances
    inner join int_funnel_chains__multiplied
        on
            int_funnel_metrics__placed.role = int_funnel_chains__multiplied.role
            and int_funnel_metrics__placed.step = int_funnel_chains__multiplied.step
    inner join int_funnel_paces__ranked
        on
            int_funnel_metrics__placed.role = int_funnel_paces__ranked.role
            and int_funnel_metrics__placed.metric_id = int_funnel_paces__ranked.metric_id
    inner join int_funnel_months__weighed
        on
            int_funnel_metrics__placed.role = int_funnel_months__weighed.role
            and int_funnel_metrics__placed.metric_id = int_funnel_months__weighed.metric_id
    inner join int_funnel_targets__assigned
        on
            int_funnel_metrics__placed.role = int_funnel_targets__assigned.role
            and int_funnel_metrics__placed.metric_id = int_funnel_targets__assigned.metric_id
)

select * from final
