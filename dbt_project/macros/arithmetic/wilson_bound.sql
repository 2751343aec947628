{% macro wilson_bound(hits, trials, side) -%}
    {%- set z = "1.959964e0" -%}
    (
        {{ hits }} + 0.5e0 * {{ z }} * {{ z }}
        + {{ side }} * {{ z }} * sqrt(
            {{ hits }} * ({{ trials }} - {{ hits }}) / nullif({{ trials }}, 0)
            + 0.25e0 * {{ z }} * {{ z }}
        )
    ) / ({{ trials }} + {{ z }} * {{ z }})
{%- endmacro %}
