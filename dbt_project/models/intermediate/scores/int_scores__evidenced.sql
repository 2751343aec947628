with int_scores__levelled as (
    select * from {{ ref('int_scores__levelled') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

scaled as (
    select
        int_scores__levelled.*,
        aggregation in ('count', 'sum') as is_additive,
        judged_actual / nullif(dispersion, 0) as scaled_actual,
        judged_goal / nullif(dispersion, 0) as scaled_goal,
        denominator * judged_goal as expected_hits
    from int_scores__levelled
),

-- what is known: expected events; of a ratio the hits or misses expected; of a mean its records
tested as (
    select
        scaled.*,
        case
            when scaled.is_additive then scaled.scaled_goal
            when scaled.aggregation = 'ratio'
                then
                    scaled.denominator
                    * {{ lower_of('scaled.judged_goal', '1 - scaled.judged_goal') }}
            else scaled.denominator
        end as information,
        case
            when scaled.is_additive and scaled.judged_actual < scaled.judged_goal
                then {{ wilson_hilferty_z('(scaled.scaled_actual + 1)', 'scaled.scaled_goal') }}
            when scaled.is_additive
                then {{ wilson_hilferty_z('scaled.scaled_actual', 'scaled.scaled_goal') }}
            -- a share, with the correction for whole numbers
            when scaled.aggregation = 'ratio'
                then
                    (
                        scaled.numerator - scaled.expected_hits
                        - case when scaled.numerator < scaled.expected_hits then -1 else 1 end
                        * {{ lower_of('0.5e0', 'abs(scaled.numerator - scaled.expected_hits)') }}
                    )
                    / nullif(
                        sqrt(
                            {{ higher_of('scaled.expected_hits * (1 - scaled.judged_goal)', '0') }}
                        ), 0
                    )
            -- a mean, by its own scatter
            else
                (scaled.judged_actual - scaled.judged_goal)
                / nullif(
                    sqrt(
                        {{ higher_of('(
                                scaled.sum_of_squares
                                - scaled.denominator * scaled.judged_actual * scaled.judged_actual
                            )', '0') }}
                        / nullif(scaled.denominator - 1, 0)
                        / nullif(scaled.denominator, 0)
                    ), 0
                )
        end as z_score
    from scaled
),

evidenced as (
    select
        tested.*,
        case
            when tested.attainment is null then null
            when coalesce(tested.information, 0) < int_constants.min_information
                then 'too_little_data'
            when
                case when tested.is_higher_better then tested.z_score else -tested.z_score end
                <= -int_constants.proven_z
                then 'proven_miss'
            when
                case when tested.is_higher_better then tested.z_score else -tested.z_score end
                >= int_constants.proven_z
                then 'proven_excess'
            else 'not_proven'
        end as evidence
    from tested
    cross join int_constants
),

final as (
    select
        scope,
        scope_id,
        role,
        metric_id,
        purpose,
        period_type,
        period_start,
        aggregation,
        is_higher_better,
        actual,
        goal_to_date,
        goal_period,
        judged_actual,
        judged_goal,
        judged_days,
        working_days,
        gap_days,
        numerator,
        denominator,
        dispersion,
        attainment,
        level,
        case when attainment is not null then z_score end as z_score,
        evidence,
        case
            when untold_status is not null then untold_status
            when goal_period is null then 'no_goal'
            when is_suspect then 'data_suspect'
            when attainment is null or evidence = 'too_little_data' then 'too_little_data'
            when level = 'needs_intervention' and evidence <> 'proven_miss' then 'watch'
            when level = 'outstanding' and evidence <> 'proven_excess' then 'ahead'
            else level
        end as status
    from evidenced
)

select * from final
