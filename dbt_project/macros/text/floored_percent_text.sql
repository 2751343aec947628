{% macro floored_percent_text(share) -%}
    cast(cast(floor(({{ share }}) * 100 + 1e-9) as bigint) as {{ type_text() }}) || '%'
{%- endmacro %}
