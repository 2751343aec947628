{% macro day_number(day) -%}
    {{ dbt.datediff("cast('1900-01-01' as date)", day, "day") }}
{%- endmacro %}
