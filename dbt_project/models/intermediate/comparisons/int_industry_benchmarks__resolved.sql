with industry_benchmarks as (
    select * from {{ ref('industry_benchmarks') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

roles as (
    select distinct
        role,
        metric_id
    from int_scorecard_metrics__resolved
),

-- a figure for the role replaces the one for every role
ranked as (
    select
        roles.role,
        roles.metric_id,
        industry_benchmarks.value,
        industry_benchmarks.sample_size,
        industry_benchmarks.source,
        industry_benchmarks.year,
        industry_benchmarks.is_verified,
        row_number() over (
            partition by roles.role, roles.metric_id
            order by case when industry_benchmarks.role is null then 1 else 0 end asc nulls last
        ) as preference
    from roles
    inner join industry_benchmarks
        on
            roles.metric_id = industry_benchmarks.metric_id
            and roles.role = coalesce(industry_benchmarks.role, roles.role)
),

final as (
    select
        role,
        metric_id,
        value,
        sample_size,
        source,
        year,
        is_verified
    from ranked
    where preference = 1
)

select * from final
