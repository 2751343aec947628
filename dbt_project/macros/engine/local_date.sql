{#-
    The local day of a UTC moment: `offsets` is the alias of a join to int_rep_offsets on the rep
    and the moment. A moment for which no offset is known is dated in UTC.
-#}
{% macro local_date(moment, offsets) -%}
    cast({{ add_seconds(moment, "coalesce(" ~ offsets ~ ".offset_seconds, 0)") }} as date)
{%- endmacro %}
