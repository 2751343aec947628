{#-
    The last day whose goal is due, as a date literal. It is the as-of date unless
    SCORECARD_GOALS_DUE_DATE says another.
-#}
{% macro goals_due_date() -%}
    cast('{{ refresh_day("goals_due_date") }}' as date)
{%- endmacro %}
