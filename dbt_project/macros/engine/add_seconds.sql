{% macro add_seconds(moment, seconds) -%}
    {{ return(adapter.dispatch("add_seconds", "sales_scorecard")(moment, seconds)) }}
{%- endmacro %}

{% macro default__add_seconds(moment, seconds) -%}
    {{ dbt.dateadd("second", seconds, moment) }}
{%- endmacro %}
