{% macro higher_of(one, other) -%}
    case when {{ one }} >= {{ other }} then {{ one }} when {{ one }} < {{ other }} then {{ other }} end
{%- endmacro %}
