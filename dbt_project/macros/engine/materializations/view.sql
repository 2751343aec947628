{#- A view on DuckDB, replaced in one transaction as a table is; see table.sql. -#}
{% materialization view, adapter='duckdb' -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {% if existing_relation is not none -%}
            drop {{ existing_relation.type }} {{ existing_relation }};
        {%- endif %}
        {{ create_view_as(target_relation, sql) }};
        {{ record_node(target_relation, input_hash()) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
