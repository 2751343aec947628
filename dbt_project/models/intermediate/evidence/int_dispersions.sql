{{ config(meta={'compared': true}) }}

with int_deviations as (
    select * from {{ ref('int_deviations') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- by role, and of the organisation, whose role is null. Of counted days one degree of freedom is
-- spent on the rate of each rep and month
scopes as (
    select
        metric_id,
        role,
        sum(events) as events,
        case
            when max(days) is null then sum(squares) / nullif(sum(total), 0)
            else
                sum(squares) / nullif(sum(total), 0) * sum(days) / nullif(sum(days) - count(*), 0)
        end as dispersion
    from int_deviations
    group by grouping sets ((metric_id, role), (metric_id))
),

by_role as (
    select
        metric_id,
        role,
        dispersion
    from scopes
    where role is not null and events >= 20
),

by_organisation as (
    select
        metric_id,
        dispersion
    from scopes
    where role is null
),

roles as (
    select distinct role from int_crm__reps
),

unsettled as (
    select
        metrics.metric_id,
        roles.role,
        false as is_organisation,
        case
            when metrics.aggregation = 'count'
                then {{ higher_of(
                    '1', 'coalesce(by_role.dispersion, by_organisation.dispersion, 1)'
                ) }}
            else coalesce(by_role.dispersion, by_organisation.dispersion)
        end as dispersion
    from metrics
    cross join roles
    left join by_role
        on
            metrics.metric_id = by_role.metric_id
            and roles.role = by_role.role
    left join by_organisation
        on metrics.metric_id = by_organisation.metric_id
    where metrics.aggregation in ('count', 'sum')
    union all
    select
        metrics.metric_id,
        '' as role,
        true as is_organisation,
        case
            when metrics.aggregation = 'count'
                then {{ higher_of('1', 'coalesce(by_organisation.dispersion, 1)') }}
            else by_organisation.dispersion
        end as dispersion
    from metrics
    left join by_organisation
        on metrics.metric_id = by_organisation.metric_id
    where metrics.aggregation in ('count', 'sum')
),

final as (
    select
        metric_id,
        role,
        is_organisation,
        {{ settle('dispersion') }} as dispersion
    from unsettled
)

select * from final
