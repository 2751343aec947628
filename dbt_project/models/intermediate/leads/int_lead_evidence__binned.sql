-- calibration works on bins of equal size of the leads that did not train the model
{%- set bins = 20 %}

with int_leads__weighed as (
    select * from {{ ref('int_leads__weighed') }}
),

int_leads__decided as (
    select * from {{ ref('int_leads__decided') }}
    where not is_training
),

ranked as (
    select
        int_leads__weighed.model_id,
        int_leads__weighed.evidence,
        int_leads__decided.converted,
        row_number() over (
            partition by int_leads__weighed.model_id
            order by
                int_leads__weighed.evidence asc nulls last,
                int_leads__weighed.lead_id asc nulls last
        ) as place,
        count(*) over (partition by int_leads__weighed.model_id) as leads,
        avg(int_leads__weighed.evidence) over (partition by int_leads__weighed.model_id)
            as mean_evidence,
        sum(int_leads__decided.converted) over (partition by int_leads__weighed.model_id)
            as conversions
    from int_leads__weighed
    inner join int_leads__decided
        on
            int_leads__weighed.model_id = int_leads__decided.model_id
            and int_leads__weighed.lead_id = int_leads__decided.lead_id
),

placed as (
    select
        ranked.*,
        floor({{ bins }} * (place - 1) / (leads * 1e0)) as bin
    from ranked
),

binned as (
    select
        model_id,
        cast(bin as integer) as bin,
        leads as all_leads,
        conversions as all_conversions,
        mean_evidence,
        count(*) as bin_leads,
        avg(evidence) - mean_evidence as centred,
        -- neither a bin without conversions nor one without failures is certain
        sum(converted) * (conversions + 1) / (conversions + 2)
        + (count(*) - sum(converted)) / (leads - conversions + 2) as target
    from placed
    group by model_id, bin, leads, conversions, mean_evidence
)

select * from binned
