with int_indicator_effects as (
    select * from {{ ref('int_indicator_effects') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

tested as (
    select
        estimated.*,
        estimated.effect / nullif(estimated.standard_error, 0) as z_score
    from int_indicator_effects as estimated
),

valued as (
    select
        tested.*,
        case
            when tested.is_tested then 2 * (1 - ({{ normal_cdf('abs(tested.z_score)') }}))
        end as p_value
    from tested
),

placed as (
    select
        valued.*,
        row_number() over (
            partition by valued.is_tested
            order by
                valued.p_value asc nulls last,
                valued.role asc nulls last,
                valued.leading_metric_id asc nulls last,
                valued.lagging_metric_id asc nulls last
        ) as place,
        count(*) over (partition by valued.is_tested) as tests
    from valued
),

-- the share of luck among the pairs that are called found (Benjamini and Hochberg 1995)
discovered as (
    select
        placed.*,
        case
            when placed.is_tested
                then {{ lower_of('1e0', '(
                    min(placed.p_value * placed.tests / placed.place) over (
                        partition by placed.is_tested
                        order by placed.place desc nulls last
                        rows between unbounded preceding and current row
                    )
                )') }}
        end as q_value
    from placed
),

final as (
    select
        discovered.*,
        case
            when not discovered.is_testable then 'not_tested'
            when not discovered.is_tested then 'too_little_data'
            when discovered.q_value >= int_constants.audit_luck_ratio then 'no_evidence'
            when discovered.effect > 0 then 'supports'
            else 'contradicts'
        end as verdict
    from discovered
    cross join int_constants
)

select * from final
