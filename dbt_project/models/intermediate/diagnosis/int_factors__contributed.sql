{#- up to six steps, and the goal beyond them -#}
{%- set factors = range(1, 8) -%}
{%- set actuals = [] -%}
{%- set references = [] -%}
{%- for number in factors -%}
{%- do actuals.append("wide.actual_" ~ number) -%}
{%- do references.append("wide.reference_" ~ number) -%}
{%- endfor -%}

with int_factors__ordered as (
    select * from {{ ref('int_factors__ordered') }}
),

-- a factor that is not there is 1 on both sides and contributes nothing
wide as (
    select
        rep_id,
        period_type,
        period_start,
    {% for number in factors %}
    coalesce(max(case when factor_order = {{ number }} then factor_actual end), 1)
        as actual_{{ number }},
    coalesce(max(case when factor_order = {{ number }} then factor_reference end), 1)
        as reference_{{ number }}{{ "," if not loop.last }}
    {% endfor %}
    from int_factors__ordered
    group by 1, 2, 3
),

final as (
    select
        int_factors__ordered.*,
        case int_factors__ordered.factor_order
            {% for number in factors %}
            when {{ number }} then {{ shapley_contribution(actuals, references, loop.index0) }}
            {% endfor %}
        end as contribution
    from int_factors__ordered
    inner join wide
        on
            int_factors__ordered.rep_id = wide.rep_id
            and int_factors__ordered.period_type = wide.period_type
            and int_factors__ordered.period_start = wide.period_start
)

select * from final
