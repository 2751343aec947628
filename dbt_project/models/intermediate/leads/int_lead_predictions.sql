{#- the m-estimate of a value's rate weighs the base rate like this many conversions -#}
{%- set prior_conversions = 5 -%}
{%- set bins = 20 -%}
{%- set newton_steps = 8 -%}

with int_leads__dated as (
    select * from {{ ref('int_leads__dated') }}
),

lead_attributes as (
    select * from {{ ref('int_lead_attributes') }}
    where record_type = 'lead' and value_class <> ''
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- two models in one: today's, and the one of an earlier day, which what happened since can judge
model_dates as (
    select
        'current' as model_id,
        {{ last_month_end() }} as model_date,
        int_settings.*
    from int_settings
    union all
    select
        'check' as model_id,
        {{ add_days(last_month_end(), '-int_settings.lead_check_days') }} as model_date,
        int_settings.*
    from int_settings
),

-- a day's leads are taken together once the last of them is decided: young ones that converted
-- without those that still may would promise too much
decided as (
    select
        model_dates.model_id,
        int_leads__dated.lead_id,
        int_leads__dated.created_date,
        case
            when int_leads__dated.converted_date <= int_leads__dated.decided_date then 1e0
            else 0e0
        end as converted
    from int_leads__dated
    inner join model_dates
        on
            int_leads__dated.decided_date <= model_dates.model_date
            and int_leads__dated.created_date
            > {{ add_days('model_dates.model_date', '-365 * model_dates.history_years') }}
),

-- the later part of the time is kept from training: it says how far to trust what was learnt
models as (
    select
        model_dates.model_id,
        model_dates.model_date,
        model_dates.lead_min_conversions,
        min(decided.created_date) as first_date,
        {{ add_days(
            'min(decided.created_date)',
            'cast(floor((1 - model_dates.lead_calibration_ratio) * '
            ~ dbt.datediff('min(decided.created_date)', 'max(decided.created_date)', 'day')
            ~ ') as integer)'
        ) }} as calibrated_date,
        coalesce(sum(decided.converted), 0) as conversions,
        count(decided.lead_id) as leads
    from model_dates
    left join decided
        on model_dates.model_id = decided.model_id
    group by
        model_dates.model_id,
        model_dates.model_date,
        model_dates.lead_min_conversions,
        model_dates.lead_calibration_ratio
),

-- naive Bayes: what each value adds to the logarithm of the odds
training as (
    select
        decided.model_id,
        lead_attributes.attribute,
        lead_attributes.value_class,
        count(*) as leads,
        sum(decided.converted) as conversions
    from decided
    inner join models
        on decided.model_id = models.model_id and decided.created_date < models.calibrated_date
    inner join lead_attributes
        on decided.lead_id = lead_attributes.record_id
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
        model_id,
        attribute,
        value_class,
        base_ratio,
        (conversions + {{ prior_conversions }})
        / nullif(leads + {{ prior_conversions }} / nullif(base_ratio, 0), 0) as value_ratio
    from based
),

effects as (
    select
        model_id,
        attribute,
        value_class,
        coalesce({{ log_odds('value_ratio') }} - {{ log_odds('base_ratio') }}, 0) as effect
    from estimated
),

asked as (
    select
        models.model_id,
        int_leads__dated.lead_id,
        int_leads__dated.created_date,
        int_leads__dated.decided_date > {{ last_month_end() }}
        and coalesce(int_leads__dated.converted_date > {{ last_month_end() }}, true) as is_open,
        coalesce(int_leads__dated.converted_date <= int_leads__dated.decided_date, false)
            as is_converted_in_time,
        int_leads__dated.decided_date > models.model_date
        and int_leads__dated.decided_date <= {{ last_month_end() }} as is_judged
    from int_leads__dated
    inner join models
        on
            models.model_id = 'current'
            or (
                int_leads__dated.decided_date <= {{ last_month_end() }}
                and int_leads__dated.created_date >= models.calibrated_date
            )
),

-- an attribute that is not known, or a value never seen, moves nothing
summed as (
    select
        effects.model_id,
        lead_attributes.record_id as lead_id,
        {{ settle('sum(effects.effect)') }} as evidence
    from lead_attributes
    inner join effects
        on
            lead_attributes.attribute = effects.attribute
            and lead_attributes.value_class = effects.value_class
    group by 1, 2
),

-- every lead once per model
weighed as (
    select
        asked.model_id,
        asked.lead_id,
        asked.created_date,
        asked.is_converted_in_time,
        asked.is_judged,
        coalesce(summed.evidence, 0) as evidence
    from asked
    left join summed
        on asked.model_id = summed.model_id and asked.lead_id = summed.lead_id
),

-- calibration (Platt 1999): a slope and an intercept on later leads that did not train the model,
-- in bins of equal size, found by Newton's method
calibrating as (
    select
        weighed.model_id,
        weighed.evidence,
        decided.converted,
        row_number() over (
            partition by weighed.model_id
            order by weighed.evidence asc nulls last, weighed.lead_id asc nulls last
        ) as place,
        count(*) over (partition by weighed.model_id) as leads,
        avg(weighed.evidence) over (partition by weighed.model_id) as mean_evidence,
        sum(decided.converted) over (partition by weighed.model_id) as conversions
    from weighed
    inner join models
        on
            weighed.model_id = models.model_id
            and weighed.created_date >= models.calibrated_date
    inner join decided
        on weighed.model_id = decided.model_id and weighed.lead_id = decided.lead_id
),

binned as (
    select
        model_id,
        leads as all_leads,
        conversions as all_conversions,
        mean_evidence,
        floor({{ bins }} * (place - 1) / (leads * 1e0)) as bin,
        count(*) as bin_leads,
        avg(evidence) - mean_evidence as centred,
        -- neither a bin without conversions nor one without failures is certain
        sum(converted) * (conversions + 1) / (conversions + 2)
        + (count(*) - sum(converted)) / (leads - conversions + 2) as target
    from calibrating
    group by
        model_id,
        leads,
        conversions,
        mean_evidence,
        floor({{ bins }} * (place - 1) / (leads * 1e0))
),

step_0 as (
    select
        model_id,
        mean_evidence,
        cast(0 as {{ type_double() }}) as slope,
        ln((all_conversions + 1) / (all_leads - all_conversions + 1)) as intercept
    from binned
    group by model_id, mean_evidence, all_conversions, all_leads
),

{% for step in range(1, newton_steps + 1) -%}
{%- set before = "step_" ~ (step - 1) -%}
odds_{{ step }} as (
    select
        {{ before }}.*,
        binned.centred,
        binned.target,
        binned.bin_leads,
        1 / (1 + exp(-({{ before }}.intercept + {{ before }}.slope * binned.centred))) as chance
    from {{ before }}
    inner join binned
        on {{ before }}.model_id = binned.model_id
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
        greatest(step_{{ newton_steps }}.slope, 0) as slope,
        case
            when step_{{ newton_steps }}.slope > 0 then step_{{ newton_steps }}.intercept
            else step_0.intercept
        end as intercept
    from step_{{ newton_steps }}
    inner join step_0
        on step_{{ newton_steps }}.model_id = step_0.model_id
),

judged as (
    select
        models.*,
        calibrated.slope,
        calibrated.intercept,
        calibrated.mean_evidence,
        case
            when models.conversions < models.lead_min_conversions
                then
                    'no score yet: '
                    || cast(cast(models.conversions as bigint) as {{ type_text() }})
                    || ' of ' || cast(models.lead_min_conversions as {{ type_text() }})
                    || ' conversions needed'
            when models.leads - models.conversions < models.lead_min_conversions
                then
                    'no score yet: '
                    || cast(cast(models.leads - models.conversions as bigint) as {{ type_text() }})
                    || ' of ' || cast(models.lead_min_conversions as {{ type_text() }})
                    || ' leads that did not convert needed'
            else 'scored'
        end as score_state
    from models
    left join calibrated
        on models.model_id = calibrated.model_id
),

open_leads as (
    select lead_id from asked
    where model_id = 'current' and is_open
),

ranked as (
    select
        lead_attributes.record_id as lead_id,
        effects.effect,
        case lead_attributes.attribute
            when 'industry' then 'industry ' || lead_attributes.text_value
            when 'country' then 'country ' || lead_attributes.text_value
            when 'source' then 'from ' || lead_attributes.text_value
            when 'job_title' then 'job title ' || lead_attributes.text_value
            when 'employee_count' then 'company size ' || lead_attributes.value_class
            else 'revenue ' || lead_attributes.value_class
        end || case when effects.effect > 0 then ' +' else ' -' end as reason,
        row_number() over (
            partition by lead_attributes.record_id
            order by
                abs(effects.effect) desc nulls last, lead_attributes.attribute asc nulls last
        ) as place
    from lead_attributes
    inner join open_leads
        on lead_attributes.record_id = open_leads.lead_id
    inner join effects
        on
            lead_attributes.attribute = effects.attribute
            and lead_attributes.value_class = effects.value_class
    where effects.model_id = 'current' and effects.effect <> 0
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
),

final as (
    select
        weighed.model_id,
        weighed.lead_id,
        weighed.created_date,
        weighed.is_converted_in_time,
        weighed.is_judged,
        judged.score_state,
        judged.conversions / nullif(judged.leads, 0) as probability_base,
        case
            when judged.score_state = 'scored'
                then
                    least(
                        greatest(
                            1 / (
                                1 + exp(
                                    -(
                                        judged.intercept
                                        + judged.slope * (weighed.evidence - judged.mean_evidence)
                                    )
                                )
                            ),
                            0.001
                        ),
                        0.999
                    )
        end as conversion_probability,
        case
            when judged.score_state = 'scored' and judged.slope > 0 then reasons.reasons
        end as reasons,
        judged.first_date as trained_from,
        judged.calibrated_date as calibrated_from
    from weighed
    inner join judged
        on weighed.model_id = judged.model_id
    left join reasons
        on weighed.model_id = 'current' and weighed.lead_id = reasons.lead_id
)

select * from final
