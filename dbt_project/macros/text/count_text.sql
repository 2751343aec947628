{#- A count as text, for sentences: 7.6 is '8'. -#}
{% macro count_text(count) -%}
    cast(cast(floor({{ count }} + 0.5) as bigint) as {{ type_text() }})
{%- endmacro %}
