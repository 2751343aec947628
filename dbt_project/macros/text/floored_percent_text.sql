{#- A share as whole per cent, rounded down like on the pages: 79.6 % must not read as 80%. -#}
{% macro floored_percent_text(share) -%}
    cast(cast(floor(({{ share }}) * 100 + 1e-9) as bigint) as {{ type_text() }}) || '%'
{%- endmacro %}
