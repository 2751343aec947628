{#-
    The enabled sources besides the files, separated by blanks, in the order of SCORECARD_SOURCES: of
    a person whom several know, the files, then the earlier source say all.
-#}
{% macro crm_sources() -%}
    {{ env_var("SCORECARD_SOURCES", "files").split(",") | reject("equalto", "files") | join(" ") }}
{%- endmacro %}


{#- Whether a source is enabled. Each model of a source's folders says so of itself. -#}
{% macro is_source_enabled(source) -%}
    {{ return(source in env_var("SCORECARD_SOURCES", "files").split(",")) }}
{%- endmacro %}
