{% macro date_spine_bounds() -%}
    {%- set year = refresh_day("as_of_date")[:4] | int -%}
    {{ return((
        "cast('" ~ (year - 13) ~ "-01-01' as date)",
        "cast('" ~ (year + 3) ~ "-01-01' as date)",
    )) }}
{%- endmacro %}
