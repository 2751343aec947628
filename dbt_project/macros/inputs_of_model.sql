{#-
    What a model is built from, as one text: its SQL of today, the version of policy and code, and
    what each of its inputs holds. None outside of a refresh, where nothing keeps track of inputs.
    Seeds are part of the version. An input that nobody kept track of makes the text unique.
-#}
{% macro inputs_of_model() -%}
    {%- set version = env_var("SCORECARD_VERSION", "") if execute else "" -%}
    {%- if not version -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set inputs = [] -%}
    {%- for node in model.depends_on.nodes if not node.startswith("seed.") -%}
        {%- do inputs.append("'" ~ node ~ "'") -%}
    {%- endfor -%}
    {%- set known = [] -%}
    {%- if inputs -%}
        {%- set known = run_query(
            "select content from built.nodes where node in (" ~ inputs | join(", ")
            ~ ") and content is not null order by node"
        ).columns[0].values() -%}
    {%- endif -%}
    {%- set told = "" if known | length == inputs | length else invocation_id -%}
    {{ return(local_md5(compiled_code ~ version ~ known | join(" ") ~ told)) }}
{%- endmacro %}
