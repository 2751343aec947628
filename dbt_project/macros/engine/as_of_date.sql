{% macro as_of_date() -%}
    cast('{{ refresh_day("as_of_date") }}' as date)
{%- endmacro %}
