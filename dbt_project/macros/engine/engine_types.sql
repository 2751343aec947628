{#-
    Contracts and seeds name types as DuckDB does. This is what the engine calls one of them; dbt's
    own macros that write or compare types are given the names of the engine.
-#}
{% macro engine_type(name) -%}
    {{ return({"double": type_double(), "varchar": type_text()}.get(name, name)) }}
{%- endmacro %}

{% macro engine_columns(columns) -%}
    {%- set translated = {} -%}
    {%- for name, column in columns.items() -%}
        {%- do translated.update(
            {name: dict(column, data_type=engine_type(column["data_type"]))}
        ) -%}
    {%- endfor -%}
    {{ return(translated) }}
{%- endmacro %}

{% macro with_engine_types(seed) -%}
    {%- set types = {} -%}
    {%- for column, name in seed["config"].get("column_types", {}).items() -%}
        {%- do types.update({column: engine_type(name)}) -%}
    {%- endfor -%}
    {{ return(dict(seed, config=dict(seed["config"], column_types=types))) }}
{%- endmacro %}

{% macro postgres__get_empty_schema_sql(columns) -%}
    {{ return(default__get_empty_schema_sql(engine_columns(columns))) }}
{%- endmacro %}

{% macro spark__get_empty_schema_sql(columns) -%}
    {{ return(default__get_empty_schema_sql(engine_columns(columns))) }}
{%- endmacro %}

{% macro postgres__get_table_columns_and_constraints() -%}
    (
        {{ adapter.render_raw_columns_constraints(raw_columns=engine_columns(model["columns"]))
        | join(", ") }}
    )
{%- endmacro %}

{% macro postgres__create_csv_table(model, agate_table) -%}
    {{ return(default__create_csv_table(with_engine_types(model), agate_table)) }}
{%- endmacro %}

{% macro spark__create_csv_table(model, agate_table) -%}
    {{ return(dbt.spark__create_csv_table(with_engine_types(model), agate_table)) }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) -%}
    {{ return(dbt.spark__load_csv_rows(with_engine_types(model), agate_table)) }}
{%- endmacro %}
