{#-
    A timestamp as raw tables of files write it, but for the Z at the end: such texts have the order
    of time.
-#}
{% macro iso_text(moment) -%}
    cast(cast({{ moment }} as date) as {{ type_text() }})
    || 'T' || substr(cast({{ moment }} as {{ type_text() }}), 12, 8)
{%- endmacro %}
