{% macro local_date(moment, offsets) -%}
    cast({{ add_seconds(moment, "coalesce(" ~ offsets ~ ".offset_seconds, 0)") }} as date)
{%- endmacro %}
