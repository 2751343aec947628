{% macro to_utc_timestamp(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}
