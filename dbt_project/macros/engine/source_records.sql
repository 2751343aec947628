{% macro source_records(table, with_source=false) -%}
    {%- for source in ["files"] + crm_sources().split() %}
    select {{ "'" ~ source ~ "' as record_source, " if with_source }}*
    from {{ ref(("stg_files__" if source == "files" else "int_" ~ source ~ "__") ~ table) }}
    {{- " union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
