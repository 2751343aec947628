{% macro last_month_end() -%}
    {%- set as_of = refresh_day("as_of_date") -%}
    {%- set one_day = modules.datetime.timedelta(days=1) -%}
    {%- set day_after = modules.datetime.date.fromisoformat(as_of) + one_day -%}
    cast('{{ day_after.replace(day=1) - one_day }}' as date)
{%- endmacro %}
