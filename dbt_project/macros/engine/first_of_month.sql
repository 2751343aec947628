{#- The first day of the month of a date. -#}
{% macro first_of_month(day) -%}
    cast({{ dbt.date_trunc("month", day) }} as date)
{%- endmacro %}
