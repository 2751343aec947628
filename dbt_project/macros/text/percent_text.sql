{#- A share as text in whole per cent, for sentences: 0.624 is '62%'. -#}
{% macro percent_text(share) -%}
    cast(cast(floor(100 * ({{ share }}) + 0.5) as integer) as {{ type_text() }}) || '%'
{%- endmacro %}
