{% macro gamma_quantile(mean, shape, z) -%}
    {{ mean }} * power(
        {{ higher_of('(1 - 1 / (9 * ' ~ shape ~ ') + ' ~ z ~ ' / (3 * sqrt(' ~ shape ~ ')))', '0') }}, 3
    )
{%- endmacro %}
