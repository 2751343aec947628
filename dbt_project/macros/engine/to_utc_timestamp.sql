{#- A UTC timestamp from raw text in the form YYYY-MM-DDTHH:MM:SSZ, which ingestion has checked. -#}
{% macro to_utc_timestamp(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}
