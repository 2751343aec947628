{#-
    PostgreSQL merges a step that only one other reads into that one, and works out its expressions
    anew wherever they are named there: ten steps that add columns, each from those of the step
    before, take minutes. So where a table is made such steps are kept apart.
-#}
{% macro with_steps_apart(sql) -%}
    {{ return(modules.re.sub("\\bas \\((\\s*select\\s+[a-z_]+\\.\\*,)", "as materialized (\\1", sql)) }}
{%- endmacro %}
