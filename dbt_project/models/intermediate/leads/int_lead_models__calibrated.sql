-- calibration (Platt 1999): a slope and an intercept, found by Newton's method
{%- set newton_steps = 8 %}

with int_lead_evidence__binned as (
    select * from {{ ref('int_lead_evidence__binned') }}
),

step_0 as (
    select
        model_id,
        mean_evidence,
        cast(0 as {{ type_double() }}) as slope,
        ln((all_conversions + 1) / (all_leads - all_conversions + 1)) as intercept
    from int_lead_evidence__binned
    group by model_id, mean_evidence, all_conversions, all_leads
),

{% for step in range(1, newton_steps + 1) -%}
{%- set before = "step_" ~ (step - 1) -%}
odds_{{ step }} as (
    select
        {{ before }}.*,
        int_lead_evidence__binned.centred,
        int_lead_evidence__binned.target,
        int_lead_evidence__binned.bin_leads,
        1 / (
            1 + exp(
                -({{ before }}.intercept + {{ before }}.slope * int_lead_evidence__binned.centred)
            )
        ) as chance
    from {{ before }}
    inner join int_lead_evidence__binned
        on {{ before }}.model_id = int_lead_evidence__binned.model_id
),

-- the slope is believed to be 1, give or take 1, before anything is seen
gradient_{{ step }} as (
    select
        model_id,
        mean_evidence,
        slope,
        intercept,
        sum(target - bin_leads * chance) as g0,
        sum((target - bin_leads * chance) * centred) + 1 - slope as g1,
        sum(bin_leads * chance * (1 - chance)) as h00,
        sum(bin_leads * chance * (1 - chance) * centred) as h01,
        sum(bin_leads * chance * (1 - chance) * centred * centred) + 1 as h11
    from odds_{{ step }}
    group by 1, 2, 3, 4
),

step_{{ step }} as (
    select
        model_id,
        mean_evidence,
        slope + coalesce((h00 * g1 - h01 * g0) / nullif(h00 * h11 - h01 * h01, 0), 0) as slope,
        intercept + coalesce((h11 * g0 - h01 * g1) / nullif(h00 * h11 - h01 * h01, 0), 0)
            as intercept
    from gradient_{{ step }}
),

{% endfor -%}
-- evidence that points the wrong way later is none
calibrated as (
    select
        step_{{ newton_steps }}.model_id,
        step_{{ newton_steps }}.mean_evidence,
        {{ higher_of('step_' ~ newton_steps ~ '.slope', '0') }} as slope,
        case
            when step_{{ newton_steps }}.slope > 0 then step_{{ newton_steps }}.intercept
            else step_0.intercept
        end as intercept
    from step_{{ newton_steps }}
    inner join step_0
        on step_{{ newton_steps }}.model_id = step_0.model_id
)

select * from calibrated
