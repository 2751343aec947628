{#-
    A quantile of a gamma variable by Wilson and Hilferty: `z` is the normal quantile, `shape` is
    mean squared over variance. Never below 0.
-#}
{% macro gamma_quantile(mean, shape, z) -%}
    {{ mean }} * power(
        greatest(1 - 1 / (9 * {{ shape }}) + {{ z }} / (3 * sqrt({{ shape }})), 0), 3
    )
{%- endmacro %}
