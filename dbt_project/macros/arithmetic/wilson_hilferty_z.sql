{% macro wilson_hilferty_z(shape, goal) -%}
    case
        when {{ shape }} > 0
            then 3 * sqrt({{ shape }}) * (
                1 - 1 / (9 * {{ shape }}) - power({{ goal }} / {{ shape }}, 1e0 / 3)
            )
    end
{%- endmacro %}
