{% macro exact_sum(amount, decimals=12) -%}
    cast(sum(cast({{ amount }} as numeric(38, {{ decimals }}))) as {{ type_double() }})
{%- endmacro %}
