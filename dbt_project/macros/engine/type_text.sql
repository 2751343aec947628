{% macro type_text() -%}
    {{ return(adapter.dispatch("type_text", "sales_scorecard")()) }}
{%- endmacro %}

{% macro default__type_text() -%}varchar{%- endmacro %}

{% macro spark__type_text() -%}string{%- endmacro %}
