{% macro count_text(count) -%}
    cast(cast(floor({{ count }} + 0.5) as bigint) as {{ type_text() }})
{%- endmacro %}
