with int_leads__dated as (
    select * from {{ ref('int_leads__dated') }}
),

int_lead_models as (
    select * from {{ ref('int_lead_models') }}
),

decided as (
    select
        int_lead_models.model_id,
        int_leads__dated.lead_id,
        case
            when int_leads__dated.converted_date <= int_leads__dated.decided_date then 1e0
            else 0e0
        end as converted,
        int_leads__dated.created_date < int_lead_models.calibrated_date as is_training
    from int_leads__dated
    inner join int_lead_models
        on
            int_leads__dated.decided_date <= int_lead_models.model_date
            and int_leads__dated.created_date >= int_lead_models.first_date
)

select * from decided
