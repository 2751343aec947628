{#- A table on Spark, after the steps of its SQL that are made once; see cut_into_steps. -#}
{% materialization table, adapter='spark' -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set cut = cut_into_steps(compiled_code, this) -%}

    {{ run_hooks(pre_hooks) }}
    {%- for step in cut.steps -%}
        {%- do run_query("drop table if exists " ~ this ~ "__" ~ step.name) -%}
        {%- do run_query("create table " ~ this ~ "__" ~ step.name ~ " using parquet as " ~ step.sql) -%}
    {%- endfor -%}
    {%- if existing_relation is not none -%}
        {%- do adapter.drop_relation(existing_relation) -%}
    {%- endif -%}
    {% call statement('main') -%}
        {{ create_table_as(False, target_relation, cut.sql) }}
    {%- endcall %}
    {%- do persist_constraints(target_relation, model) -%}
    {{ run_hooks(post_hooks) }}
    {%- for step in cut.steps -%}
        {%- do run_query("drop table if exists " ~ this ~ "__" ~ step.name) -%}
    {%- endfor -%}

    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
