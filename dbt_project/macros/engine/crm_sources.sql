{#-
    The enabled sources besides the files, separated by blanks, the first one first: of a person whom
    several know, the files, then the earlier source say all.
-#}
{% macro crm_sources() -%}
    {%- set enabled = env_var("SCORECARD_SOURCES", "files").split(",") -%}
    {{ ["salesforce", "hubspot"] | select("in", enabled) | join(" ") }}
{%- endmacro %}
