with int_interventions as (
    select * from {{ ref('int_interventions') }}
),

int_interventions__attained as (
    select * from {{ ref('int_interventions__attained') }}
),

int_reliabilities as (
    select * from {{ ref('int_reliabilities') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- who is chosen for being low is expected to come back towards the mean without any help
expected as (
    select
        int_interventions.*,
        int_interventions__attained.attainment_before,
        int_interventions__attained.attainment_after,
        int_reliabilities.reliability,
        int_reliabilities.mean
        + int_reliabilities.reliability
        * (int_interventions__attained.attainment_before - int_reliabilities.mean)
            as expected_after,
        sqrt(int_reliabilities.within_variance * (1 + int_reliabilities.reliability))
            as expected_deviation
    from int_interventions
    left join int_interventions__attained
        on int_interventions.intervention_id = int_interventions__attained.intervention_id
    left join int_reliabilities
        on
            int_interventions.role = int_reliabilities.role
            and int_interventions.metric_id = int_reliabilities.metric_id
),

weighed as (
    select
        expected.*,
        (attainment_after - expected_after) / nullif(expected_deviation, 0) as z_after
    from expected
),

final as (
    select
        weighed.*,
        case
            when not weighed.is_over then 'too_early'
            when weighed.z_after is null then 'too_little_data'
            when weighed.z_after >= int_constants.proven_z then 'improved_beyond_chance'
            when weighed.z_after <= -int_constants.proven_z then 'fell_beyond_chance'
            else 'within_chance'
        end as verdict,
        cast(
            row_number() over (
                partition by weighed.rep_id
                order by
                    weighed.agreed_date desc nulls last,
                    weighed.intervention_id desc nulls last
            ) as bigint
        ) as number_for_rep
    from weighed
    cross join int_constants
)

select * from final
