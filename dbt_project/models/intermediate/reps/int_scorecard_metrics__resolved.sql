with scorecard_metrics as (
    select * from {{ ref('scorecard_metrics') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

roles_and_tiers as (
    select distinct
        role,
        tier
    from int_crm__reps
),

-- a row for the tier replaces the role's row of the same metric
ranked as (
    select
        roles_and_tiers.role,
        roles_and_tiers.tier,
        scorecard_metrics.metric_id,
        scorecard_metrics.metric_kind,
        scorecard_metrics.weight,
        scorecard_metrics.sort_order,
        row_number() over (
            partition by
                roles_and_tiers.role, roles_and_tiers.tier, scorecard_metrics.metric_id
            order by case when scorecard_metrics.tier is null then 1 else 0 end asc nulls last
        ) as preference
    from roles_and_tiers
    inner join scorecard_metrics
        on
            roles_and_tiers.role = scorecard_metrics.role
            and roles_and_tiers.tier = coalesce(scorecard_metrics.tier, roles_and_tiers.tier)
)

select
    role,
    tier,
    metric_id,
    metric_kind,
    weight,
    sort_order
from ranked
where preference = 1
