{% macro settle(amount) -%}
    cast(cast({{ amount }} as numeric(28, 9)) as {{ type_double() }})
{%- endmacro %}
