{#-
    All records of a canonical table, whatever system they came from. A source that is not enabled
    costs nothing: it is not in the query, and its models are not there.
-#}
{% macro source_records(table) -%}
    select * from {{ ref("stg_files__" ~ table) }}
    {%- for source in ["salesforce", "hubspot"]
        if source in env_var("SCORECARD_SOURCES", "files").split(",") %}
    union all
    select * from {{ ref("int_" ~ source ~ "__" ~ table) }}
    {%- endfor %}
{%- endmacro %}
