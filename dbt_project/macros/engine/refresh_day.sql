{#-
    Read at execution only, so that another day neither changes a model nor makes dbt parse the
    project again.
-#}
{% macro refresh_day(column) -%}
    {%- if not execute -%}
        {{ return("1970-01-01") }}
    {%- endif -%}
    {%- set as_of_date = env_var("SCORECARD_AS_OF_DATE", "") -%}
    {%- set goals_due_date = env_var("SCORECARD_GOALS_DUE_DATE", "") or as_of_date -%}
    {%- set said = {"as_of_date": as_of_date, "goals_due_date": goals_due_date}[column] -%}
    {{ return(said or last_built_day(column)) }}
{%- endmacro %}


{% macro last_built_day(column) -%}
    {%- set last_build = adapter.get_relation(
        target.database, generate_schema_name("intermediate", none), "int_refresh_days"
    ) -%}
    {%- if last_build is none -%}
        {%- do exceptions.raise_compiler_error(
            "This warehouse was never built, so that no as-of date is known. Run `scorecard refresh`"
            " first, or set SCORECARD_AS_OF_DATE, for example to 2026-11-30."
        ) -%}
    {%- endif -%}
    {{ return(run_query("select " ~ column ~ " from " ~ last_build).columns[0].values()[0] | string) }}
{%- endmacro %}
