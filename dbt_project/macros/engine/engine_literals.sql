{#-
    PostgreSQL reads 1e0 as a decimal, exact and a hundred times slower; on other engines it is a
    double. So that one SQL means the same everywhere, the literal is cast where a model is made.
-#}
{% macro with_double_literals(sql) -%}
    {{ return(modules.re.sub("\\b([0-9]+(?:\\.[0-9]+)?e[+-]?[0-9]+)\\b", "cast(\\1 as double precision)", sql)) }}
{%- endmacro %}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ return(dbt.postgres__create_table_as(temporary, relation, with_double_literals(sql))) }}
{%- endmacro %}

{% macro postgres__create_view_as(relation, sql) -%}
    {{ return(default__create_view_as(relation, with_double_literals(sql))) }}
{%- endmacro %}
