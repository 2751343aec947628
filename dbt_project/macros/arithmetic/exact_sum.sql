{#-
    A sum that does not depend on the order of adding, unlike one of doubles, so that what has not
    changed is the same to its last digit after each build. Squares need more room before the point.
-#}
{% macro exact_sum(amount, decimals=12) -%}
    cast(sum(cast({{ amount }} as numeric(38, {{ decimals }}))) as {{ type_double() }})
{%- endmacro %}
