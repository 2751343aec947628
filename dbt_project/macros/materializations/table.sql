{#-
    A table on DuckDB, replaced in one transaction: readers see the old one or the new one.
    dbt-duckdb builds under another name, renames twice and drops what was there, which costs a small
    model as much as its own SQL. In a refresh a table whose inputs hold what they held when it was
    built is left as it stands, and one with `meta: {kept_by: <date column>}` keeps the rows of days
    and periods that ended before anything changed; they are said as of the new day like all others.
    One that reads nothing after the last end of a month (`meta: {reads_until: month_end}`) keeps all
    rows until something before it changes.
-#}
{% materialization table, adapter='duckdb' -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set inputs = inputs_of_model() -%}
    {%- set kept_by = config.get('meta', {}).get('kept_by') -%}
    {%- set since = restated_since() if kept_by or config.get('meta', {}).get('reads_until')
        else none -%}

    {% if inputs and not should_full_refresh() and existing_relation is not none and run_query(
        "select 1 from built.nodes where node = '" ~ model.unique_id
        ~ "' and built_from = '" ~ inputs ~ "'"
    ).rows | length %}
        {% call noop_statement('main', 'UNCHANGED', 'UNCHANGED') %}{% endcall %}
        {{ return({'relations': [target_relation]}) }}
    {% endif %}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {% if since is not none -%}
            {%- if kept_by %}
            delete from {{ target_relation }} where {{ kept_by }} >= date '{{ since }}';
            insert into {{ target_relation }} by name ({{ compiled_code }});
            {%- endif %}
            {%- if 'as_of_date' in model.columns %}
            update {{ target_relation }} set as_of_date = {{ as_of_date() }};
            {%- endif %}
        {%- else -%}
            {% if existing_relation is not none -%}
                drop {{ existing_relation.type }} {{ existing_relation }};
            {%- endif %}
            {{ create_table_as(False, target_relation, compiled_code) }};
        {%- endif %}
        {{ keep_track(target_relation, inputs, since) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
