{% macro wilson_bound(hits, trials, side, z='int_constants.confidence_z') -%}
    (
        {{ hits }} + 0.5e0 * {{ z }} * {{ z }}
        + {{ side }} * {{ z }} * sqrt(
            {{ hits }} * ({{ trials }} - {{ hits }}) / nullif({{ trials }}, 0)
            + 0.25e0 * {{ z }} * {{ z }}
        )
    ) / ({{ trials }} + {{ z }} * {{ z }})
{%- endmacro %}
