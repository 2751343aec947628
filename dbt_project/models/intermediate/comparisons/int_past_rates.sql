{% set comparisons = ["previous", "last_year", "trailing_13_week"] %}

with int_rep_results as (
    select * from {{ ref('int_rep_results') }}
),

int_periods__compared as (
    select * from {{ ref('int_periods__compared') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

-- a period before the metric was recorded at all says nothing about anybody
first_days as (
    select
        metric_id,
        min(date_day) as first_day
    from int_metrics__daily
    group by 1
),

summed as (
    select
        {% for comparison in comparisons %}
        {% for part in ["numerator", "denominator", "judged_capacity_days"] %}
        sum(
            case
                when int_periods__compared.comparison = '{{ comparison }}'
                    then int_rep_results.{{ part }}
            end
        ) as {{ comparison }}_{{ part }},
        {% endfor %}
        {% endfor %}
        int_rep_results.rep_id,
        int_rep_results.metric_id,
        int_rep_results.is_additive,
        int_periods__compared.period_type,
        int_periods__compared.period_start
    from int_periods__compared
    inner join int_rep_results
        on
            int_periods__compared.earlier_type = int_rep_results.period_type
            and int_periods__compared.earlier_start = int_rep_results.period_start
    inner join first_days
        on
            int_rep_results.metric_id = first_days.metric_id
            and int_periods__compared.earlier_start >= first_days.first_day
    group by
        int_rep_results.rep_id,
        int_rep_results.metric_id,
        int_rep_results.is_additive,
        int_periods__compared.period_type,
        int_periods__compared.period_start
),

final as (
    select
        {% for comparison in comparisons %}
        {{ comparison }}_numerator
        / nullif(
            case
                when is_additive then {{ comparison }}_judged_capacity_days
                else {{ comparison }}_denominator
            end, 0
        ) as {{ comparison }}_rate,
        {% endfor %}
        rep_id,
        metric_id,
        period_type,
        period_start
    from summed
)

select * from final
