{{ config(meta={'compared': true}) }}

with int_count_deviations as (
    select * from {{ ref('int_count_deviations') }}
),

int_metrics__sampled as (
    select * from {{ ref('int_metrics__sampled') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

amounts as (
    select
        metric_id,
        role,
        sum(event_count) as events,
        {{ exact_sum('sum_of_squares', decimals=6) }} as squares,
        {{ exact_sum('numerator') }} as total
    from int_metrics__sampled
    where aggregation = 'sum'
    group by 1, 2
),

-- one degree of freedom is spent on the rate of each rep and month
by_role as (
    select
        metric_id,
        role,
        sum(total) as events,
        sum(squares) / nullif(sum(total), 0) * sum(days) / nullif(sum(days) - count(*), 0)
            as dispersion
    from int_count_deviations
    group by 1, 2
    union all
    select
        metric_id,
        role,
        events,
        squares / nullif(total, 0) as dispersion
    from amounts
),

by_organisation as (
    select
        metric_id,
        sum(squares) / nullif(sum(total), 0) * sum(days) / nullif(sum(days) - count(*), 0)
            as dispersion
    from int_count_deviations
    group by 1
    union all
    select
        metric_id,
        sum(squares) / nullif(sum(total), 0) as dispersion
    from amounts
    group by 1
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
                then greatest(
                    1,
                    coalesce(
                        case when by_role.events >= 20 then by_role.dispersion end,
                        by_organisation.dispersion,
                        1
                    )
                )
            else coalesce(
                case when by_role.events >= 20 then by_role.dispersion end,
                by_organisation.dispersion
            )
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
                then greatest(1, coalesce(by_organisation.dispersion, 1))
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
