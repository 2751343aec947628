{#-
    CTEs that aggregate the CTE `relation` (one row per `keys` and date_day) into every period type.
    `measures` maps a column to its aggregate function. Quarters and years add up the months, so
    that the days are read once for weeks and once for months.
    The result is the CTE `<relation>_by_period`: period_type, period_start, keys, measures.
    Needs the CTE int_dates.
-#}
{% macro sum_by_period(relation, keys, measures) -%}
{%- set rolling = {"last_4_weeks": 28, "last_13_weeks": 91} -%}
{%- macro aggregates(table) -%}
    {%- for column, function in measures.items() %}
        {{ function }}({{ table }}.{{ column }}) as {{ column }}{{ "," if not loop.last }}
    {%- endfor -%}
{%- endmacro -%}
{%- macro key_list(table) -%}
    {%- for key in keys %}
        {{ table }}.{{ key }},
    {%- endfor -%}
{%- endmacro -%}
{%- macro numbers() -%}
    1, 2{% for key in keys %}, {{ loop.index + 2 }}{% endfor %}
{%- endmacro -%}
{{ relation }}_by_week as (
    select
        'week' as period_type,
        int_dates.week_start_date as period_start,
        {{ key_list(relation) }}
        {{ aggregates(relation) }}
    from {{ relation }}
    inner join int_dates
        on {{ relation }}.date_day = int_dates.date_day
    group by {{ numbers() }}
),

{{ relation }}_by_month as (
    select
        'month' as period_type,
        int_dates.month_start_date as period_start,
        {{ key_list(relation) }}
        {{ aggregates(relation) }}
    from {{ relation }}
    inner join int_dates
        on {{ relation }}.date_day = int_dates.date_day
    group by {{ numbers() }}
),

{% for type in ["quarter", "year"] -%}
{{ relation }}_by_{{ type }} as (
    select
        '{{ type }}' as period_type,
        int_dates.{{ type }}_start_date as period_start,
        {{ key_list(relation ~ "_by_month") }}
        {{ aggregates(relation ~ "_by_month") }}
    from {{ relation }}_by_month
    inner join int_dates
        on {{ relation }}_by_month.period_start = int_dates.date_day
    group by {{ numbers() }}
),

{% endfor -%}
{{ relation }}_by_period as (
    select * from {{ relation }}_by_week
    union all
    select * from {{ relation }}_by_month
    union all
    select * from {{ relation }}_by_quarter
    union all
    select * from {{ relation }}_by_year
    {%- for type, days in rolling.items() %}
    union all
    select
        '{{ type }}' as period_type,
        {{ add_days(as_of_date(), 1 - days) }} as period_start,
        {{ key_list(relation) }}
        {{ aggregates(relation) }}
    from {{ relation }}
    where {{ relation }}.date_day between {{ add_days(as_of_date(), 1 - days) }}
        and {{ as_of_date() }}
    group by {{ numbers() }}
    {%- endfor %}
)
{%- endmacro %}
