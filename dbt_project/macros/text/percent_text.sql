{% macro percent_text(share) -%}
    cast(cast(floor(100 * ({{ share }}) + 0.5) as integer) as {{ type_text() }}) || '%'
{%- endmacro %}
