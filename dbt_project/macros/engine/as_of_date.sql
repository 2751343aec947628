{#-
    The last day that counts, as a date literal. It comes from the environment at execution only,
    so that another day neither changes a model nor makes dbt parse the project again.
-#}
{% macro as_of_date() -%}
    cast('{{ env_var("SCORECARD_AS_OF_DATE") if execute else "1970-01-01" }}' as date)
{%- endmacro %}
