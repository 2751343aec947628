with int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- the chance to reach the target that is shown, and its quantile of the normal distribution
chances as (
    select
        0.5e0 as probability,
        0e0 as normal_quantile
    union all
    select
        plan_probability as probability,
        plan_z as normal_quantile
    from int_constants
),

final as (
    select
        int_funnel_metrics__placed.role,
        int_funnel_metrics__placed.step,
        int_funnel_metrics__placed.last_step,
        int_funnel_metrics__placed.metric_id,
        int_funnel_metrics__placed.metric_name,
        int_funnel_metrics__placed.unit,
        chances.probability,
        chances.normal_quantile
    from int_funnel_metrics__placed
    cross join chances
)

select * from final
