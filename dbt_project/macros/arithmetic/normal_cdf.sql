{% macro normal_cdf(z) -%}
    {%- set x -%} case when abs({{ z }}) < 8e0 then abs({{ z }}) else 8e0 end {%- endset -%}
    {%- set t -%} (1e0 / (1e0 + 0.2316419e0 * {{ x }})) {%- endset -%}
    {%- set tail -%}
        0.3989422804014327e0 * exp(-0.5e0 * {{ x }} * {{ x }}) * {{ t }} * (
            0.319381530e0 + {{ t }} * (
                -0.356563782e0 + {{ t }} * (
                    1.781477937e0 + {{ t }} * (-1.821255978e0 + {{ t }} * 1.330274429e0)
                )
            )
        )
    {%- endset -%}
    case when {{ z }} >= 0 then 1e0 - {{ tail }} when {{ z }} < 0 then {{ tail }} end
{%- endmacro %}
