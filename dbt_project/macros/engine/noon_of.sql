{#- Noon UTC of a day without a time: the same day in nearly every time zone. -#}
{% macro noon_of(day) -%}
    {{ add_seconds("cast(" ~ day ~ " as timestamp)", "43200") }}
{%- endmacro %}
