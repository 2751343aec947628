{#-
    What makes an incremental model replace the months that changed: first they go, then they are
    built anew. Spark cannot delete from Parquet files, but drops a partition of a month whole.
    `changed` is the table that lists the months.
-#}
{% macro months_strategy() -%}
    {{ return(adapter.dispatch("months_strategy", "sales_scorecard")()) }}
{%- endmacro %}

{% macro default__months_strategy() -%}{{ return("append") }}{%- endmacro %}

{% macro spark__months_strategy() -%}{{ return("insert_overwrite") }}{%- endmacro %}

{% macro forget_months(relation, changed, table) -%}
    {{ return(adapter.dispatch("forget_months", "sales_scorecard")(relation, changed, table)) }}
{%- endmacro %}

{% macro default__forget_months(relation, changed, table) -%}
    delete from {{ relation }}
    where month_start_date in (select month_start from {{ changed }} where table_name = '{{ table }}')
{%- endmacro %}

{% macro spark__forget_months(relation, changed, table) -%}
    {%- set months = run_query(
        "select distinct month_start from " ~ changed ~ " where table_name = '" ~ table ~ "'"
    ).columns[0].values() -%}
    {%- if months | length -%}
        alter table {{ relation }} drop if exists
        {%- for month in months %}
        partition (month_start_date = date '{{ month }}'){{ "," if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
