with int_funnel_rates__shrunk as (
    select * from {{ ref('int_funnel_rates__shrunk') }}
),

int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

-- how many events of a step lead to one of the result
chains as (
    select
        role,
        step,
        actual,
        base,
        own_weight,
        rate,
        coalesce(
            exp(
                -sum(case when rate > 0 then ln(rate) end) over (
                    partition by role order by step desc nulls last
                    rows between unbounded preceding and 1 preceding
                )
            ), 1
        ) as events_per_result,
        min(case when step = 1 or rate > 0 then 1 else 0 end) over (partition by role)
            as is_complete
    from int_funnel_rates__shrunk
),

-- the step before the result counts what the result adds up: deals, for revenue
counts as (
    select
        int_funnel_metrics__placed.role,
        int_funnel_metrics__placed.step,
        int_dispersions.dispersion
    from int_funnel_metrics__placed
    inner join int_dispersions
        on
            int_funnel_metrics__placed.role = int_dispersions.role
            and int_funnel_metrics__placed.metric_id = int_dispersions.metric_id
            and not int_dispersions.is_organisation
    where int_funnel_metrics__placed.metric_id = int_funnel_metrics__placed.step_metric_id
),

-- a result varies by chance: deals come as they come, and each has its own size
results as (
    select
        int_funnel_metrics__placed.role,
        int_funnel_metrics__placed.unit as result_unit,
        case
            when int_funnel_metrics__placed.aggregation = 'sum'
                then
                    {{ higher_of('int_dispersions.dispersion - chains.rate', '0') }}
                    + counts.dispersion * chains.rate
            else int_dispersions.dispersion
        end as result_dispersion
    from int_funnel_metrics__placed
    inner join chains
        on
            int_funnel_metrics__placed.role = chains.role
            and int_funnel_metrics__placed.step = chains.step
    inner join int_dispersions
        on
            int_funnel_metrics__placed.role = int_dispersions.role
            and int_funnel_metrics__placed.metric_id = int_dispersions.metric_id
            and not int_dispersions.is_organisation
    left join counts
        on
            int_funnel_metrics__placed.role = counts.role
            and int_funnel_metrics__placed.last_step - 1 = counts.step
    where int_funnel_metrics__placed.step = int_funnel_metrics__placed.last_step
),

-- the first step has no rate; a chain with a step that never led on has no plan
final as (
    select
        chains.role,
        chains.step,
        case when chains.step > 1 then chains.base end as history_from,
        case when chains.step > 1 then chains.actual end as history_to,
        case when chains.step > 1 then chains.own_weight end as own_weight,
        case when chains.step > 1 then chains.rate end as rate,
        chains.events_per_result,
        results.result_unit,
        results.result_dispersion
    from chains
    inner join results
        on chains.role = results.role
    where chains.is_complete = 1
)

select * from final
