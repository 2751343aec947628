{#-
    Actual divided by goal; lower-is-better: goal divided by actual, at most 2, and 2 when the
    actual is 0. Null where there is no goal or nothing was measured.
-#}
{% macro attainment(actual, goal, is_higher_better) -%}
    case
        when {{ is_higher_better }} then {{ actual }} / nullif({{ goal }}, 0)
        when {{ actual }} is null or {{ goal }} is null or {{ goal }} = 0 then null
        when {{ actual }} <= 0 then 2e0
        else least(2e0, {{ goal }} / {{ actual }})
    end
{%- endmacro %}
