{#-
    What a contract says of a table besides its types: Spark takes no such constraints, so the table
    is asked when it is made.
-#}
{% macro spark__persist_constraints(relation, model) -%}
    {%- set rules = [] -%}
    {%- if config.get("contract").enforced -%}
        {%- for name, column in model.columns.items() -%}
            {%- for constraint in column.constraints -%}
                {%- if constraint.type == "not_null" -%}
                    {%- do rules.append(name ~ " is not null") -%}
                {%- elif constraint.type == "check" -%}
                    {%- do rules.append(constraint.expression) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if rules -%}
        {%- set counts = [] -%}
        {%- for rule in rules -%}
            {%- do counts.append("count(case when not (" ~ rule ~ ") then 1 end)") -%}
        {%- endfor -%}
        {%- set found = run_query("select " ~ counts | join(", ") ~ " from " ~ relation).rows[0] -%}
        {%- for rule in rules -%}
            {%- if found[loop.index0] -%}
                {{ exceptions.raise_compiler_error(
                    relation ~ ": " ~ found[loop.index0] ~ " rows do not keep to: " ~ rule
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
