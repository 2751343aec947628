{#-
    True where a text is one of the values of a list such as `Medical | Rail`, whatever the case. A
    list has at most 20 values, which the check of the policy sees to.
-#}
{% macro is_listed(text, list) -%}
    lower({{ text }}) in (
        {%- for number in range(1, 21) %}
        lower(trim(split_part({{ list }}, '|', {{ number }}))){{ "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
