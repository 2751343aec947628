{% macro attainment(actual, goal, is_higher_better) -%}
    case
        when {{ is_higher_better }} then {{ actual }} / nullif({{ goal }}, 0)
        when {{ actual }} is null or {{ goal }} is null or {{ goal }} = 0 then null
        when {{ actual }} <= 0 then 2e0
        else {{ lower_of('2e0', '(' ~ goal ~ ' / ' ~ actual ~ ')') }}
    end
{%- endmacro %}
