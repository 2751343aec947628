{#- A date from raw text in the form YYYY-MM-DD, which ingestion has checked; empty is null. -#}
{% macro to_date(column) -%}
    cast({{ clean_text(column) }} as date)
{%- endmacro %}
