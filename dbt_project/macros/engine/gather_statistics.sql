{% macro gather_statistics() -%}
    {{ return(adapter.dispatch("gather_statistics", "sales_scorecard")()) }}
{%- endmacro %}

{% macro default__gather_statistics() -%}{%- endmacro %}

{% macro postgres__gather_statistics() -%}
    {%- if model.config.materialized != "view" -%}analyze {{ this }}{%- endif -%}
{%- endmacro %}
