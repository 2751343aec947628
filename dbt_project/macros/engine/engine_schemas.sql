{#- On Spark all tables lie in the folder of the company, wherever the server keeps its own. -#}
{% macro spark__create_schema(relation) -%}
    {%- call statement("create_schema") -%}
        create schema if not exists {{ relation }}
        location '{{ env_var("SCORECARD_SPARK_FOLDER_URL") }}/{{ relation.schema }}'
    {%- endcall -%}
{%- endmacro %}
