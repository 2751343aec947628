{#- A UTC timestamp from an API's text, such as 2026-06-15T12:00:00.000Z or …+0000. -#}
{% macro iso_timestamp(column) -%}
    cast(substr({{ clean_text(column) }}, 1, 19) as timestamp)
{%- endmacro %}
