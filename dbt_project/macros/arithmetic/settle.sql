{#-
    A sum without the last digits that depend on the order of adding: a goal of 5 a month is 5,
    not 4.999999999999999, whatever the engine and the number of threads.
-#}
{% macro settle(amount) -%}
    cast(cast({{ amount }} as numeric(28, 9)) as {{ type_double() }})
{%- endmacro %}
