{#-
    z of reaching `actual` when `goal` is expected, both already divided by the dispersion
    (Wilson and Hilferty 1931, the Poisson tail as a gamma tail).
    lower: P(X <= actual), z <= -1.96 is a proven miss; pass actual + 1.
    upper: P(X >= actual), z >= 1.96 is a proven excess; pass actual.
-#}
{% macro wilson_hilferty_z(shape, goal) -%}
    case
        when {{ shape }} > 0
            then 3 * sqrt({{ shape }}) * (
                1 - 1 / (9 * {{ shape }}) - power({{ goal }} / {{ shape }}, 1e0 / 3)
            )
    end
{%- endmacro %}
