{% macro goals_due_date() -%}
    cast('{{ refresh_day("goals_due_date") }}' as date)
{%- endmacro %}
