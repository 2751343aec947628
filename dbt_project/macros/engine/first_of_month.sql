{% macro first_of_month(day) -%}
    cast({{ dbt.date_trunc("month", day) }} as date)
{%- endmacro %}
