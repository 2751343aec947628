with int_funnel_years__counted as (
    select * from {{ ref('int_funnel_years__counted') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

rep_steps as (
    select
        role,
        rep_id,
        step,
        min(metric_id) as metric_id,
        sum(actual) as actual
    from int_funnel_years__counted
    group by 1, 2, 3
),

rep_edges as (
    select
        role,
        rep_id,
        step,
        metric_id,
        actual,
        lag(actual) over (partition by role, rep_id order by step asc nulls last) as base,
        lag(metric_id) over (partition by role, rep_id order by step asc nulls last)
            as previous_metric_id
    from rep_steps
),

-- everybody with the same step in their funnel, and how much their rates differ beyond chance
organisation_rates as (
    select
        previous_metric_id,
        metric_id,
        sum(actual) / nullif(sum(base), 0) as rate,
        sum(base) as bases,
        sum(base * base) as squared_bases,
        sum(actual * actual / nullif(base, 0)) as weighed_squares,
        count(*) as reps
    from rep_edges
    where base > 0
    group by 1, 2
),

spread_rates as (
    select
        organisation_rates.previous_metric_id,
        organisation_rates.metric_id,
        organisation_rates.rate,
        int_dispersions.dispersion * organisation_rates.rate as noise,
        -- one rep differs from nobody
        {{ higher_of('coalesce(
            (
                organisation_rates.weighed_squares
                - organisation_rates.bases * organisation_rates.rate * organisation_rates.rate
                - (organisation_rates.reps - 1)
                * int_dispersions.dispersion * organisation_rates.rate
            )
            / nullif(
                organisation_rates.bases
                - organisation_rates.squared_bases / organisation_rates.bases, 0
            ), 0
        )', '0') }} as variance
    from organisation_rates
    inner join int_dispersions
        on
            organisation_rates.metric_id = int_dispersions.metric_id
            and int_dispersions.is_organisation
),

role_edges as (
    select
        role,
        step,
        metric_id,
        previous_metric_id,
        sum(actual) as actual,
        sum(base) as base
    from rep_edges
    group by 1, 2, 3, 4
),

-- a role's own rate, shrunk to the organisation's the more, the less there is of it
final as (
    select
        role_edges.role,
        role_edges.step,
        role_edges.metric_id,
        role_edges.actual,
        role_edges.base,
        spread_rates.variance * role_edges.base
        / nullif(spread_rates.variance * role_edges.base + spread_rates.noise, 0) as own_weight,
        spread_rates.rate + coalesce(
            spread_rates.variance * role_edges.base
            / nullif(spread_rates.variance * role_edges.base + spread_rates.noise, 0)
            * (role_edges.actual / nullif(role_edges.base, 0) - spread_rates.rate), 0
        ) as rate
    from role_edges
    left join spread_rates
        on
            role_edges.metric_id = spread_rates.metric_id
            and role_edges.previous_metric_id = spread_rates.previous_metric_id
)

select * from final
