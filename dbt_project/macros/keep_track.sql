{#-
    SQL that records what `relation` was built from, in the transaction that builds it. Its content is
    taken from that hash, unless the model asks for a comparison of its rows (`meta: {compared: true}`):
    then its readers are skipped while the rows stay the same.
    Outside a refresh it deletes the record, so that the next refresh builds the relation again.
-#}
{% macro keep_track(relation, inputs) -%}
    {%- set node = "'" ~ model.unique_id ~ "'" -%}
    {%- if inputs -%}
        delete from built.nodes where node = {{ node }};
        insert into built.nodes (node, built_from, content)
        select {{ node }}, '{{ inputs }}',
        {%- if config.get("meta", {}).get("compared") %}
            (select {{ content_of_rows() }} from {{ relation }} as held);
        {%- else %}
            '{{ inputs }}';
        {%- endif %}
    {%- elif execute and target.type == "duckdb" and run_query(
        "select 1 from information_schema.tables where table_schema = 'built'"
    ).rows | length -%}
        delete from built.nodes where node = {{ node }};
    {%- endif -%}
{%- endmacro %}
