{#-
    What a model rests on besides days that are told apart: the version of policy and code, and what
    its other inputs hold, as one text; of a model that is learnt at the end of a month that day too.
    None outside of a refresh, or if an input is not known.
-#}
{% macro foundations_of_model() -%}
    {%- set version = env_var("SCORECARD_VERSION", "") if execute else "" -%}
    {%- set inputs = inputs_of_node() -%}
    {%- if not version or not inputs -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set known = run_query(
        "select coalesce(rests_on, content) from built.nodes where node in (" ~ inputs
        ~ ") and content is not null order by node"
    ).columns[0].values() -%}
    {%- if known | length < inputs.split(", ") | length -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set learnt = last_month_end() if config.get("meta", {}).get("reads_until") else "" -%}
    {{ return(local_md5(version ~ known | join(" ") ~ learnt)) }}
{%- endmacro %}
