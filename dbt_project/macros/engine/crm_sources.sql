{% macro crm_sources() -%}
    {{ env_var("SCORECARD_SOURCES", "files").split(",") | reject("equalto", "files") | join(" ") }}
{%- endmacro %}


{% macro is_source_enabled(source) -%}
    {{ return(source in env_var("SCORECARD_SOURCES", "files").split(",")) }}
{%- endmacro %}
