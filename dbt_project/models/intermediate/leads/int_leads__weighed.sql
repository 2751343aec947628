with int_leads__dated as (
    select * from {{ ref('int_leads__dated') }}
),

int_lead_models as (
    select * from {{ ref('int_lead_models') }}
),

int_lead_attributes as (
    select * from {{ ref('int_lead_attributes') }}
    where record_type = 'lead' and value_class <> ''
),

int_lead_effects as (
    select * from {{ ref('int_lead_effects') }}
),

-- the earlier model is asked about the leads that calibrate it and those that were decided since
asked as (
    select
        int_lead_models.model_id,
        int_leads__dated.lead_id,
        int_leads__dated.created_date,
        int_lead_models.model_id = 'current'
        and int_leads__dated.decided_date > {{ last_month_end() }}
        and coalesce(int_leads__dated.converted_date > {{ last_month_end() }}, true) as is_open,
        coalesce(int_leads__dated.converted_date <= int_leads__dated.decided_date, false)
            as is_converted_in_time,
        int_leads__dated.decided_date > int_lead_models.model_date
        and int_leads__dated.decided_date <= {{ last_month_end() }} as is_judged
    from int_leads__dated
    inner join int_lead_models
        on
            int_lead_models.model_id = 'current'
            or (
                int_leads__dated.decided_date <= {{ last_month_end() }}
                and int_leads__dated.created_date >= int_lead_models.calibrated_date
            )
),

-- an attribute that is not known, or a value never seen, moves nothing
summed as (
    select
        int_lead_effects.model_id,
        int_lead_attributes.record_id as lead_id,
        {{ settle('sum(int_lead_effects.effect)') }} as evidence
    from int_lead_attributes
    inner join int_lead_effects
        on
            int_lead_attributes.attribute = int_lead_effects.attribute
            and int_lead_attributes.value_class = int_lead_effects.value_class
    group by 1, 2
),

weighed as (
    select
        asked.*,
        coalesce(summed.evidence, 0) as evidence
    from asked
    left join summed
        on asked.model_id = summed.model_id and asked.lead_id = summed.lead_id
)

select * from weighed
