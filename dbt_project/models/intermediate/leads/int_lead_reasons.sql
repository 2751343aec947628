with int_leads__weighed as (
    select * from {{ ref('int_leads__weighed') }}
    where is_open
),

int_lead_attributes as (
    select * from {{ ref('int_lead_attributes') }}
    where record_type = 'lead' and value_class <> ''
),

int_lead_effects as (
    select * from {{ ref('int_lead_effects') }}
    where model_id = 'current' and effect <> 0
),

ranked as (
    select
        int_lead_attributes.record_id as lead_id,
        case int_lead_attributes.attribute
            when 'industry' then 'industry ' || int_lead_attributes.text_value
            when 'country' then 'country ' || int_lead_attributes.text_value
            when 'source' then 'from ' || int_lead_attributes.text_value
            when 'job_title' then 'job title ' || int_lead_attributes.text_value
            when 'employee_count' then 'company size ' || int_lead_attributes.value_class
            else 'revenue ' || int_lead_attributes.value_class
        end || case when int_lead_effects.effect > 0 then ' +' else ' -' end as reason,
        row_number() over (
            partition by int_lead_attributes.record_id
            order by
                abs(int_lead_effects.effect) desc nulls last,
                int_lead_attributes.attribute asc nulls last
        ) as place
    from int_lead_attributes
    inner join int_leads__weighed
        on int_lead_attributes.record_id = int_leads__weighed.lead_id
    inner join int_lead_effects
        on
            int_lead_attributes.attribute = int_lead_effects.attribute
            and int_lead_attributes.value_class = int_lead_effects.value_class
),

reasons as (
    select
        lead_id,
        max(case when place = 1 then reason end)
        || coalesce(', ' || max(case when place = 2 then reason end), '')
        || coalesce(', ' || max(case when place = 3 then reason end), '') as reasons
    from ranked
    where place <= 3
    group by 1
)

select * from reasons
