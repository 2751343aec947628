{% macro local_date(moment, offsets, bare_day=none) -%}
    {%- set day -%}
    cast({{ add_seconds(moment, "coalesce(" ~ offsets ~ ".offset_seconds, 0)") }} as date)
    {%- endset -%}
    {{ "coalesce(" ~ bare_day ~ ", " ~ day ~ ")" if bare_day else day }}
{%- endmacro %}
