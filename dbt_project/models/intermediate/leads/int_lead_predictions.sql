with int_leads__weighed as (
    select * from {{ ref('int_leads__weighed') }}
),

int_lead_models as (
    select * from {{ ref('int_lead_models') }}
),

int_lead_models__calibrated as (
    select * from {{ ref('int_lead_models__calibrated') }}
),

int_lead_reasons as (
    select * from {{ ref('int_lead_reasons') }}
),

scored as (
    select
        int_leads__weighed.*,
        int_lead_models.score_state,
        int_lead_models.base_ratio as probability_base,
        int_lead_models__calibrated.slope,
        int_lead_models__calibrated.intercept
        + int_lead_models__calibrated.slope
        * (int_leads__weighed.evidence - int_lead_models__calibrated.mean_evidence) as log_odds
    from int_leads__weighed
    inner join int_lead_models
        on int_leads__weighed.model_id = int_lead_models.model_id
    left join int_lead_models__calibrated
        on int_leads__weighed.model_id = int_lead_models__calibrated.model_id
),

final as (
    select
        scored.model_id,
        scored.lead_id,
        scored.created_date,
        scored.is_converted_in_time,
        scored.is_judged,
        scored.score_state,
        scored.probability_base,
        case
            when scored.score_state = 'scored'
                then {{ lower_of(
                    higher_of('1 / (1 + exp(-scored.log_odds))', '0.001e0'), '0.999e0'
                ) }}
        end as conversion_probability,
        case
            when scored.score_state = 'scored' and scored.slope > 0 then int_lead_reasons.reasons
        end as reasons
    from scored
    left join int_lead_reasons
        on scored.model_id = 'current' and scored.lead_id = int_lead_reasons.lead_id
)

select * from final
