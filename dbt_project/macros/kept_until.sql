{#-
    The day before which a model's rows stand, as a date literal for its SQL; before all days if it
    is built whole, as on every engine but DuckDB. See restated_since.
-#}
{% macro kept_until() -%}
    {{ return(adapter.dispatch("kept_until", "sales_scorecard")()) }}
{%- endmacro %}

{% macro default__kept_until() -%}
    cast('0001-01-01' as date)
{%- endmacro %}

{% macro duckdb__kept_until() -%}
    cast('{{ (restated_since() if execute else none) or "0001-01-01" }}' as date)
{%- endmacro %}
