{#-
    dbt's own macros for Spark stop at a date that is null, and take seven functions to add a day.
    These do what the other engines do; the units are those that models use.
-#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- if datepart == "day" -%}
        date_add({{ from_date_or_timestamp }}, cast({{ interval }} as integer))
    {%- else -%}
        timestampadd({{ datepart }}, cast({{ interval }} as bigint), {{ from_date_or_timestamp }})
    {%- endif -%}
{%- endmacro %}

{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart == "day" -%}
        datediff({{ second_date }}, {{ first_date }})
    {%- else -%}
        timestampdiff({{ datepart }}, {{ first_date }}, {{ second_date }})
    {%- endif -%}
{%- endmacro %}
