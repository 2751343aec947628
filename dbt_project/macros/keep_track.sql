{#-
    SQL that notes what `relation` was built from, in the transaction that builds it. What it holds
    follows from that, unless the model asks to have its rows compared (`meta: {compared: true}`):
    then what reads it is left alone as long as the rows stay the same.
    Outside of a refresh it forgets the relation, so that the next refresh builds it anew.
-#}
{% macro keep_track(relation, inputs) -%}
    {%- if inputs -%}
        delete from built.nodes where node = '{{ model.unique_id }}';
        insert into built.nodes (node, built_from, content)
        select '{{ model.unique_id }}', '{{ inputs }}',
        {%- if config.get("meta", {}).get("compared") %}
            (select {{ content_of_rows() }} from {{ relation }} as held)
        {%- else %}
            '{{ inputs }}'
        {%- endif -%}
        ;
    {%- elif execute and target.type == "duckdb" and run_query(
        "select 1 from information_schema.tables where table_schema = 'built'"
    ).rows | length -%}
        delete from built.nodes where node = '{{ model.unique_id }}';
    {%- endif -%}
{%- endmacro %}
