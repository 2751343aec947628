{% macro iso_timestamp(column) -%}
    cast(substr({{ clean_text(column) }}, 1, 19) as timestamp)
{%- endmacro %}
