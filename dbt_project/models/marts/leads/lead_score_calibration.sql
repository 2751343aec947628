with int_lead_predictions as (
    select * from {{ ref('int_lead_predictions') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- every decided lead of the time that the earlier model had not seen
placed as (
    select
        lead_id,
        created_date,
        score_state,
        conversion_probability,
        case when is_converted_in_time then 1e0 else 0e0 end as converted,
        1 + floor(
            10 * (
                row_number() over (
                    order by conversion_probability desc nulls last, lead_id asc nulls last
                ) - 1
            ) / (count(*) over () * 1e0)
        ) as decile
    from int_lead_predictions
    where model_id = 'check' and is_judged
),

-- every lead is predicted by the current model at least
counted as (
    select count(*) as lead_count from int_lead_predictions
),

grouped as (
    select
        cast(decile as integer) as decile,
        count(*) as leads,
        sum(converted) as conversions,
        avg(conversion_probability) as mean_predicted
    from placed
    where score_state = 'scored'
    group by 1
),

-- decile 0 is all of them, there even where nothing could be checked
overall as (
    select
        0 as decile,
        coalesce(sum(case when placed.score_state = 'scored' then 1 else 0 end), 0) as leads,
        coalesce(sum(case when placed.score_state = 'scored' then placed.converted end), 0)
            as conversions,
        avg(placed.conversion_probability) as mean_predicted,
        case
            when max(placed.score_state) = 'scored' then 'checked'
            when max(placed.score_state) is not null
                then
                    'not checked yet: ' || substring(max(placed.score_state), 15)
                    || ' before the check'
            when max(counted.lead_count) > 0 then 'not checked yet: no lead was decided lately'
            else 'not checked: this source has no leads'
        end as check_state,
        min(placed.created_date) as checked_from,
        max(placed.created_date) as checked_to
    from counted
    left join placed
        on counted.lead_count > 0
),

together as (
    select
        decile,
        leads,
        conversions,
        mean_predicted
    from grouped
    union all
    select
        decile,
        leads,
        conversions,
        mean_predicted
    from overall
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        together.decile,
        cast(together.leads as bigint) as leads,
        cast(together.conversions as bigint) as conversions,
        together.mean_predicted,
        together.conversions / nullif(together.leads * 1e0, 0) as observed_ratio,
        {{ wilson_bound('together.conversions', 'together.leads', -1) }} as observed_low,
        {{ wilson_bound('together.conversions', 'together.leads', 1) }} as observed_high,
        together.conversions / nullif(together.leads * 1e0, 0)
        / nullif(overall.conversions / nullif(overall.leads * 1e0, 0), 0) as lift,
        overall.checked_from,
        overall.checked_to,
        overall.check_state
    from together
    cross join overall
    cross join int_constants
)

select * from final
