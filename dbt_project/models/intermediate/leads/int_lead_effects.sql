-- naive Bayes: what each value adds to the logarithm of the odds
{#- the m-estimate of a value's rate weighs the base rate like this many conversions -#}
{%- set prior_conversions = 5 %}

with int_leads__decided as (
    select * from {{ ref('int_leads__decided') }}
),

int_lead_attributes as (
    select * from {{ ref('int_lead_attributes') }}
    where record_type = 'lead' and value_class <> ''
),

training as (
    select
        int_leads__decided.model_id,
        int_lead_attributes.attribute,
        int_lead_attributes.value_class,
        count(*) as leads,
        sum(int_leads__decided.converted) as conversions
    from int_leads__decided
    inner join int_lead_attributes
        on int_leads__decided.lead_id = int_lead_attributes.record_id
    where int_leads__decided.is_training
    group by 1, 2, 3
),

-- the base rate of an attribute is that of the leads that have it: a field that is filled in only
-- when a lead converts says nothing
based as (
    select
        training.*,
        sum(training.conversions) over (partition by training.model_id, training.attribute)
        / nullif(
            sum(training.leads) over (partition by training.model_id, training.attribute), 0
        ) as base_ratio
    from training
),

estimated as (
    select
        based.*,
        (based.conversions + {{ prior_conversions }})
        / nullif(based.leads + {{ prior_conversions }} / nullif(based.base_ratio, 0), 0)
            as value_ratio
    from based
),

effects as (
    select
        model_id,
        attribute,
        value_class,
        coalesce({{ log_odds('value_ratio') }} - {{ log_odds('base_ratio') }}, 0) as effect
    from estimated
)

select * from effects
