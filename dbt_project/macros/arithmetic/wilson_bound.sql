{#-
    One end of the 95 % interval of a share by Wilson (1927): `side` is -1 for the lower end and 1
    for the upper one. Never below 0 or above 1.
-#}
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
