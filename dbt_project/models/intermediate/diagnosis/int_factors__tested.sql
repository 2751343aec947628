with int_factors__contributed as (
    select * from {{ ref('int_factors__contributed') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- the same test of luck as on a scorecard; the mean of deals has the scatter of one deal
tested as (
    select
        int_factors__contributed.*,
        int_constants.min_information,
        int_constants.proven_z,
        case
            when int_factors__contributed.sizes is not null then int_factors__contributed.sizes
            else
                int_factors__contributed.scored_expected / nullif(int_dispersions.dispersion, 0)
        end as information,
        case
            when int_factors__contributed.sizes is not null
                then
                    (
                        int_factors__contributed.scored_actual
                        - int_factors__contributed.scored_expected
                    )
                    / sqrt(
                        nullif(
                            greatest(
                                int_factors__contributed.scored_expected
                                * (
                                    int_dispersions.dispersion
                                    - int_factors__contributed.factor_reference
                                ), 0
                            ), 0
                        )
                    )
            when
                int_factors__contributed.scored_actual
                < int_factors__contributed.scored_expected
                then {{ wilson_hilferty_z(
                    '(int_factors__contributed.scored_actual / int_dispersions.dispersion + 1)',
                    '(int_factors__contributed.scored_expected / int_dispersions.dispersion)'
                ) }}
            else {{ wilson_hilferty_z(
                '(int_factors__contributed.scored_actual / int_dispersions.dispersion)',
                '(int_factors__contributed.scored_expected / int_dispersions.dispersion)'
            ) }}
        end as z_score
    from int_factors__contributed
    cross join int_constants
    left join int_dispersions
        on
            int_factors__contributed.step_metric_id = int_dispersions.metric_id
            and int_factors__contributed.role = int_dispersions.role
            and not int_dispersions.is_organisation
),

-- the goal itself is the cause only where no step explains anything
final as (
    select
        tested.*,
        case
            when scored_actual is null then null
            when coalesce(information, 0) < min_information then 'too_little_data'
            when z_score <= -proven_z then 'proven_miss'
            when z_score >= proven_z then 'proven_excess'
            else 'not_proven'
        end as evidence,
        row_number() over (
            partition by rep_id, period_type, period_start
            order by
                case
                    when contribution >= 0 then 3
                    when scored_actual is null then 2
                    else 1
                end asc nulls last,
                contribution asc nulls last,
                factor_order asc nulls last
        ) as cause_rank,
        min(contribution) over (partition by rep_id, period_type, period_start)
            as least_contribution
    from tested
)

select * from final
