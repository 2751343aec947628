{% macro is_listed(text, list) -%}
    lower({{ text }}) in (
        {%- for number in range(1, 21) %}
        lower(trim(split_part({{ list }}, '|', {{ number }}))){{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
