{#- The first day of the calendar year of a date. -#}
{% macro first_of_year(day) -%}
    cast({{ dbt.date_trunc("year", day) }} as date)
{%- endmacro %}
