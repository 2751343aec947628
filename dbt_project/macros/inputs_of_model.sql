{#-
    A hash of what a model is built from: its SQL of today, the version of policy and code, and the
    content of each of its inputs. None outside a refresh, where inputs are not tracked. Seeds are part
    of the version. An input without a known content makes the hash unique, so the model is built.
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
    {%- set contents = [] -%}
    {%- if inputs -%}
        {%- set contents = run_query(
            "select content from built.nodes where node in (" ~ inputs | join(", ")
            ~ ") and content is not null order by node"
        ).columns[0].values() -%}
    {%- endif -%}
    {%- set unknown = invocation_id if contents | length < inputs | length else "" -%}
    {{ return(local_md5(compiled_code ~ version ~ contents | join(" ") ~ unknown)) }}
{%- endmacro %}
