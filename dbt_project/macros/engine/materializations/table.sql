{#-
    A table on DuckDB, replaced in one transaction: readers see the old one or the new one.
    dbt-duckdb builds under another name, renames twice and drops what was there, which costs a small
    model as much as its own SQL. A refresh skips a table whose inputs equal those it was built from.
-#}
{% materialization table, adapter='duckdb' -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set hash = input_hash() -%}

    {% if existing_relation is not none and not should_full_refresh() and is_unchanged(hash) %}
        {% call noop_statement('main', 'UNCHANGED', 'UNCHANGED') %}{% endcall %}
        {{ return({'relations': [target_relation]}) }}
    {% endif %}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {% if existing_relation is not none -%}
            drop {{ existing_relation.type }} {{ existing_relation }};
        {%- endif %}
        {{ create_table_as(False, target_relation, compiled_code) }};
        {{ record_node(target_relation, hash) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
