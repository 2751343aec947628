{#- A boolean from raw text; empty is false. -#}
{% macro is_true(column) -%}
    coalesce({{ column }}, 'false') = 'true'
{%- endmacro %}
