{% macro to_date(column) -%}
    cast({{ clean_text(column) }} as date)
{%- endmacro %}
