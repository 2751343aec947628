{% macro bare_day(column) -%}
    case when {{ column }} like '____-__-__' then cast({{ column }} as date) end
{%- endmacro %}
