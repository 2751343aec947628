{#- A double from raw text, which ingestion has checked; empty is null. -#}
{% macro to_number(column) -%}
    cast({{ clean_text(column) }} as {{ type_double() }})
{%- endmacro %}
