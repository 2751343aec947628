{#-
    All records of a canonical table, whatever system they came from. A source that is not enabled
    costs nothing: it is not in the query, and its models are not there.
-#}
{% macro source_records(table) -%}
    select * from {{ ref("stg_files__" ~ table) }}
    {%- for source in crm_sources().split() %}
    union all
    select * from {{ ref("int_" ~ source ~ "__" ~ table) }}
    {%- endfor %}
{%- endmacro %}
