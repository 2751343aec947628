{% macro is_true(column) -%}
    coalesce({{ column }}, 'false') = 'true'
{%- endmacro %}
