{% macro composed_text(text) -%}
    {{ return(adapter.dispatch("composed_text", "sales_scorecard")(text)) }}
{%- endmacro %}

{% macro default__composed_text(text) -%}nfc_normalize({{ text }}){%- endmacro %}

{% macro postgres__composed_text(text) -%}normalize({{ text }}, nfc){%- endmacro %}

{#- it has no such function -#}
{% macro spark__composed_text(text) -%}{{ text }}{%- endmacro %}
