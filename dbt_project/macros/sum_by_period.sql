{#-
    CTEs that aggregate the CTE `relation` (one row per `keys` and date_day) into every period type.
    `measures` maps a column to its aggregate function. The days are read once, for the parts that
    no period cuts: the days of a week, a month, and either side of where a rolling window begins.
    The result is the CTE `<relation>_by_period`: period_type, period_start, keys, measures.
    Needs the CTE int_dates.
-#}
{% macro sum_by_period(relation, keys, measures) -%}
{%- set rolling = {"last_4_weeks": 28, "last_13_weeks": 91} -%}
{%- set numbers = range(1, keys | length + 3) | join(", ") %}
{{ relation }}_by_part as (
    select
        int_dates.week_start_date,
        int_dates.month_start_date,
        case
            {%- for days in rolling.values() %}
            when
                {{ relation }}.date_day between {{ add_days(as_of_date(), 1 - days) }}
                and {{ as_of_date() }}
                then {{ days }}
            {%- endfor %}
        end as rolling_days,
        {%- for key in keys %}
        {{ relation }}.{{ key }},
        {%- endfor %}
        {%- for column, function in measures.items() %}
        {{ function }}({{ relation }}.{{ column }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    inner join int_dates
        on {{ relation }}.date_day = int_dates.date_day
    group by 1, {{ range(2, keys | length + 4) | join(", ") }}
),
{% for type in ["week", "month", "quarter", "year"] %}
{%- set from = relation ~ ("_by_part" if type in ["week", "month"] else "_by_month") %}
{{ relation }}_by_{{ type }} as (
    select
        '{{ type }}' as period_type,
        {%- if type in ["week", "month"] %}
        {{ from }}.{{ type }}_start_date as period_start,
        {%- else %}
        int_dates.{{ type }}_start_date as period_start,
        {%- endif %}
        {%- for key in keys %}
        {{ from }}.{{ key }},
        {%- endfor %}
        {%- for column, function in measures.items() %}
        {{ function }}({{ from }}.{{ column }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ from }}
    {%- if type in ["quarter", "year"] %}
    inner join int_dates
        on {{ from }}.period_start = int_dates.date_day
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
    from {{ relation }}_by_part
    where rolling_days <= {{ days }}
    group by {{ numbers }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)
{%- endmacro %}
