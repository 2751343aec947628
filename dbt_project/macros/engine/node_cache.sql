{#-
    The dbt side of the node cache (orchestration/transform/node_cache.py, docs/incremental.md).
    DuckDB only. Outside a refresh nothing is skipped, and what is built is deleted from the cache, so
    that the next refresh builds it again.
-#}

{#- An input without a content hash makes the result unique, so the model is built. -#}
{% macro input_hash() -%}
    {%- set version = env_var("SCORECARD_VERSION", "") if execute else "" -%}
    {%- if not version -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set inputs = [] -%}
    {%- for node in model.depends_on.nodes if not node.startswith("seed.") -%}
        {%- do inputs.append("'" ~ node ~ "'") -%}
    {%- endfor -%}
    {%- set hashes = [] -%}
    {%- if inputs -%}
        {%- set hashes = run_query(
            "select content_hash from node_cache.nodes where node_id in (" ~ inputs | join(", ")
            ~ ") and content_hash is not null order by node_id"
        ).columns[0].values() -%}
    {%- endif -%}
    {%- set unknown = invocation_id if hashes | length < inputs | length else "" -%}
    {{ return(local_md5(compiled_code ~ version ~ hashes | join(" ") ~ unknown)) }}
{%- endmacro %}


{% macro is_unchanged(input_hash) -%}
    {{ return(input_hash and run_query(
        "select 1 from node_cache.nodes where node_id = '" ~ model.unique_id
        ~ "' and input_hash = '" ~ input_hash ~ "'"
    ).rows | length > 0) }}
{%- endmacro %}


{#-
    The content hash is the input hash; with `meta: {compared: true}` it is that of the rows, so that
    readers are skipped when a rebuild gives the same rows.
-#}
{% macro record_node(relation, input_hash) -%}
    {%- set node_id = "'" ~ model.unique_id ~ "'" -%}
    {%- if input_hash -%}
        delete from node_cache.nodes where node_id = {{ node_id }};
        insert into node_cache.nodes (node_id, input_hash, content_hash)
        select {{ node_id }}, '{{ input_hash }}',
        {%- if config.get("meta", {}).get("compared") %}
            (select {{ rows_hash() }} from {{ relation }} as held);
        {%- else %}
            '{{ input_hash }}';
        {%- endif %}
    {%- elif execute and target.type == "duckdb" and run_query(
        "select 1 from information_schema.tables where table_schema = 'node_cache'"
    ).rows | length -%}
        delete from node_cache.nodes where node_id = {{ node_id }};
    {%- endif -%}
{%- endmacro %}


{% macro rows_hash() -%}
    concat_ws(' ', count(*), bit_xor(hash(held)), sum(cast(hash(held) as hugeint)))
{%- endmacro %}
