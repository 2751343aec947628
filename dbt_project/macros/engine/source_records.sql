{% macro source_records(table) -%}
    select * from {{ ref("stg_files__" ~ table) }}
    {%- for source in crm_sources().split() %}
    union all
    select * from {{ ref("int_" ~ source ~ "__" ~ table) }}
    {%- endfor %}
{%- endmacro %}
