{#-
    CTEs that aggregate the CTE `relation` (one row per `keys` and date_day) into every period type.
    `measures` maps a column to its aggregate function. Quarters and years add up the months, so
    that the days are read once for weeks and once for months; weeks that are kept as they stand are
    left out.
    The result is the CTE `<relation>_by_period`: period_type, period_start, keys, measures.
    Needs the CTE int_dates.
-#}
{% macro sum_by_period(relation, keys, measures) -%}
{%- set rolling = {"last_4_weeks": 28, "last_13_weeks": 91} -%}
{%- set numbers = range(1, keys | length + 3) | join(", ") -%}
{%- for type in ["week", "month", "quarter", "year"] %}
{%- set from = relation if type in ["week", "month"] else relation ~ "_by_month" %}
{%- set day = "date_day" if type in ["week", "month"] else "period_start" %}
{{ relation }}_by_{{ type }} as (
    select
        '{{ type }}' as period_type,
        int_dates.{{ type }}_start_date as period_start,
        {%- for key in keys %}
        {{ from }}.{{ key }},
        {%- endfor %}
        {%- for column, function in measures.items() %}
        {{ function }}({{ from }}.{{ column }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ from }}
    inner join int_dates
        on {{ from }}.{{ day }} = int_dates.date_day
    {%- if type == "week" %}
    where {{ add_days(from ~ ".date_day", 6) }} >= {{ kept_until() }}
    {%- endif %}
    group by {{ numbers }}
),
{% endfor %}
{{ relation }}_by_period as (
    {%- for type in ["week", "month", "quarter", "year"] %}
    select * from {{ relation }}_by_{{ type }}
    union all
    {%- endfor %}
    {%- for type, days in rolling.items() %}
    select
        '{{ type }}' as period_type,
        {{ add_days(as_of_date(), 1 - days) }} as period_start,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for column, function in measures.items() %}
        {{ function }}({{ column }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    where date_day between {{ add_days(as_of_date(), 1 - days) }} and {{ as_of_date() }}
    group by {{ numbers }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)
{%- endmacro %}
