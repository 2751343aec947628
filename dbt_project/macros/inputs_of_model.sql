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
    {%- set inputs = inputs_of_node() -%}
    {%- set known = [] -%}
    {%- if inputs -%}
        {%- set known = run_query(
            "select content from built.nodes where node in (" ~ inputs
            ~ ") and content is not null order by node"
        ).columns[0].values() -%}
    {%- endif -%}
    {%- set told = "" if known | length == (inputs.split(", ") if inputs else []) | length
        else invocation_id -%}
    {#- where rows are kept from says nothing about what there is in the end -#}
    {%- set code = compiled_code | replace(kept_until(), "") if config.get("meta", {}).get("kept_by")
        else compiled_code -%}
    {{ return(local_md5(code ~ version ~ known | join(" ") ~ told)) }}
{%- endmacro %}


{#- The names of the nodes that a model reads, as SQL literals; seeds are part of the version. -#}
{% macro inputs_of_node() -%}
    {%- set inputs = [] -%}
    {%- for node in model.depends_on.nodes if not node.startswith("seed.") -%}
        {%- do inputs.append("'" ~ node ~ "'") -%}
    {%- endfor -%}
    {{ return(inputs | join(", ")) }}
{%- endmacro %}
