{#- What the rows of `held` are, in whatever order; DuckDB only, as the keeping track is. -#}
{% macro content_of_rows() -%}
    concat_ws(' ', count(*), bit_xor(hash(held)), sum(cast(hash(held) as hugeint)))
{%- endmacro %}
