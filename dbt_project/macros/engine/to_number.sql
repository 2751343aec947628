{% macro to_number(column) -%}
    cast({{ clean_text(column) }} as {{ type_double() }})
{%- endmacro %}
