{% macro iso_text(moment) -%}
    cast(cast({{ moment }} as date) as {{ type_text() }})
    || 'T' || substr(cast({{ moment }} as {{ type_text() }}), 12, 8)
{%- endmacro %}
