{% macro noon_of(day) -%}
    {{ add_seconds("cast(" ~ day ~ " as timestamp)", "43200") }}
{%- endmacro %}
