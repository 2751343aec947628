{#-
    The last day whose goal is due. It is the as-of date, but the day before in an intraday run:
    nobody is behind at nine in the morning.
-#}
{% macro goals_due_date() -%}
    cast('{{
        env_var("SCORECARD_GOALS_DUE_DATE", env_var("SCORECARD_AS_OF_DATE"))
        if execute else "1970-01-01"
    }}' as date)
{%- endmacro %}
