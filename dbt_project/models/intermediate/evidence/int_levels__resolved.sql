with performance_levels as (
    select * from {{ ref('performance_levels') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

-- the role '' stands for teams and the organisation, the metric '' for the score
roles as (
    select role from int_crm__reps
    union
    select '' as role
),

metric_ids as (
    select metric_id from metrics
    union
    select '' as metric_id
),

-- metric and role > metric > role > default; a set is taken whole, never mixed
matches as (
    select
        metric_ids.metric_id,
        roles.role,
        performance_levels.level,
        performance_levels.min_attainment,
        case when performance_levels.metric_id is not null then 2 else 0 end
        + case when performance_levels.role is not null then 1 else 0 end as specificity
    from metric_ids
    cross join roles
    inner join performance_levels
        on
            coalesce(performance_levels.metric_id, metric_ids.metric_id) = metric_ids.metric_id
            and coalesce(performance_levels.role, roles.role) = roles.role
),

best as (
    select
        metric_id,
        role,
        max(specificity) as specificity
    from matches
    group by 1, 2
),

edged as (
    select
        matches.metric_id,
        matches.role,
        matches.level,
        matches.min_attainment,
        lead(matches.min_attainment) over (
            partition by matches.metric_id, matches.role
            order by matches.min_attainment asc nulls last
        ) as next_min_attainment,
        row_number() over (
            partition by matches.metric_id, matches.role
            order by matches.min_attainment asc nulls last
        ) as position
    from matches
    inner join best
        on
            matches.metric_id = best.metric_id
            and matches.role = best.role
            and matches.specificity = best.specificity
),

-- the lowest level takes all below it, a negative attainment after refunds too
final as (
    select
        metric_id,
        role,
        level,
        case
            when position = 1 then cast(-1e300 as {{ type_double() }})
            else cast(min_attainment as {{ type_double() }})
        end as min_attainment,
        cast(coalesce(next_min_attainment, 1e300) as {{ type_double() }}) as below_attainment
    from edged
)

select * from final
