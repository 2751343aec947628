with int_stretches__attained as (
    select * from {{ ref('int_stretches__attained') }}
    where attainment is not null
),

of_reps as (
    select
        role,
        metric_id,
        rep_id,
        cast(count(*) as {{ type_double() }}) as stretches,
        sum(attainment) as total,
        sum(attainment * attainment) - sum(attainment) * sum(attainment) / count(*)
            as squares_within
    from int_stretches__attained
    group by 1, 2, 3
),

of_roles as (
    select
        role,
        metric_id,
        sum(total) / sum(stretches) as mean,
        {{ higher_of('sum(squares_within)', '0') }} / nullif(sum(stretches) - count(*), 0)
            as within_variance,
        (sum(total * total / stretches) - sum(total) * sum(total) / sum(stretches))
        / nullif(count(*) - 1, 0) as mean_square_between,
        (sum(stretches) - sum(stretches * stretches) / sum(stretches))
        / nullif(cast(count(*) as {{ type_double() }}) - 1, 0) as stretches_per_rep
    from of_reps
    group by 1, 2
),

-- analysis of variance: the means of reps differ by chance too, which is taken off. The mean of a
-- role with one rep is that rep's own
varied as (
    select
        role,
        metric_id,
        mean,
        within_variance,
        {{ higher_of(
            'coalesce((mean_square_between - within_variance) / nullif(stretches_per_rep, 0), 0)',
            '0'
        ) }} as between_variance
    from of_roles
),

final as (
    select
        role,
        metric_id,
        mean,
        within_variance,
        between_variance / nullif(between_variance + within_variance, 0) as reliability
    from varied
)

select * from final
