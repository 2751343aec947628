{#-
    CTEs from `relation` to level, evidence, z and status, for reps and teams alike.
    `relation` has: role, metric_id, aggregation, is_higher_better, actual, goal_to_date,
    goal_period, numerator, denominator, sum_of_squares, dispersion, is_suspect.
    The result is the CTE `evidenced`: all columns of `relation` and attainment, level, evidence,
    z_score, status. Needs the CTE int_levels__resolved. Rules, section 6.
-#}
{% macro score_evidence(relation) -%}
attained as (
    select
        {{ relation }}.*,
        {{ attainment(
            relation ~ '.actual', relation ~ '.goal_to_date', relation ~ '.is_higher_better'
        ) }} as attainment,
        case
            when {{ relation }}.aggregation in ('count', 'sum')
                then {{ relation }}.goal_to_date / nullif({{ relation }}.dispersion, 0)
            when {{ relation }}.aggregation = 'ratio'
                then
                    {{ relation }}.denominator
                    * least({{ relation }}.goal_to_date, 1 - {{ relation }}.goal_to_date)
            else {{ relation }}.denominator
        end as information,
        {{ relation }}.actual / nullif({{ relation }}.dispersion, 0) as scaled_actual,
        {{ relation }}.goal_to_date / nullif({{ relation }}.dispersion, 0) as scaled_goal
    from {{ relation }}
),

-- the half-open ranges of a metric and role do not overlap; 1e-9 forgives sums of daily goals
levelled as (
    select
        attained.*,
        int_levels__resolved.level
    from attained
    left join int_levels__resolved
        on
            attained.metric_id = int_levels__resolved.metric_id
            and attained.role = int_levels__resolved.role
            and attained.attainment + 1e-9 >= int_levels__resolved.min_attainment
            and attained.attainment + 1e-9 < int_levels__resolved.below_attainment
),

tested as (
    select
        levelled.*,
        case
            when levelled.aggregation in ('count', 'sum') and levelled.actual < levelled.goal_to_date
                then {{ wilson_hilferty_z('(levelled.scaled_actual + 1)', 'levelled.scaled_goal') }}
            when levelled.aggregation in ('count', 'sum')
                then {{ wilson_hilferty_z('levelled.scaled_actual', 'levelled.scaled_goal') }}
            when levelled.aggregation = 'ratio'
                then
                    (
                        levelled.numerator - levelled.denominator * levelled.goal_to_date
                        + case
                            when levelled.numerator < levelled.denominator * levelled.goal_to_date
                                then least(
                                    0.5e0,
                                    levelled.denominator * levelled.goal_to_date
                                    - levelled.numerator
                                )
                            else -least(
                                0.5e0,
                                levelled.numerator - levelled.denominator * levelled.goal_to_date
                            )
                        end
                    )
                    / nullif(
                        sqrt(
                            greatest(
                                levelled.denominator * levelled.goal_to_date
                                * (1 - levelled.goal_to_date), 0
                            )
                        ), 0
                    )
            else
                (levelled.actual - levelled.goal_to_date)
                / nullif(
                    sqrt(
                        greatest(
                            (
                                levelled.sum_of_squares
                                - levelled.denominator * levelled.actual * levelled.actual
                            )
                            / nullif(levelled.denominator - 1, 0)
                            / nullif(levelled.denominator, 0), 0
                        )
                    ), 0
                )
        end as z_score
    from levelled
),

weighed as (
    select
        tested.*,
        case
            when tested.attainment is null then null
            when coalesce(tested.information, 0) < 5 then 'too_little_data'
            when tested.z_score <= -1.96 and tested.is_higher_better then 'proven_miss'
            when tested.z_score >= 1.96 and not tested.is_higher_better then 'proven_miss'
            when tested.z_score >= 1.96 and tested.is_higher_better then 'proven_excess'
            when tested.z_score <= -1.96 and not tested.is_higher_better then 'proven_excess'
            else 'not_proven'
        end as evidence
    from tested
),

evidenced as (
    select
        weighed.*,
        case
            when weighed.goal_period is null then 'no_goal'
            when weighed.is_suspect then 'data_suspect'
            when weighed.attainment is null or weighed.evidence = 'too_little_data'
                then 'too_little_data'
            when weighed.level = 'needs_intervention' and weighed.evidence <> 'proven_miss'
                then 'watch'
            when weighed.level = 'outstanding' and weighed.evidence <> 'proven_excess'
                then 'ahead'
            else weighed.level
        end as status
    from weighed
)
{%- endmacro %}
