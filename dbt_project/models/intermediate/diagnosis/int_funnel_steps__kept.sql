with int_funnels__chained as (
    select * from {{ ref('int_funnels__chained') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

steps as (
    select
        int_funnels__chained.rep_id,
        int_funnels__chained.role,
        int_funnels__chained.period_type,
        int_funnels__chained.period_start,
        int_funnels__chained.step,
        int_funnels__chained.last_step,
        int_funnels__chained.metric_id,
        int_funnels__chained.step_name,
        int_funnels__chained.aggregation,
        int_funnels__chained.unit,
        int_funnels__chained.rate_name,
        int_funnels__chained.leading_rate_metric_id,
        leading_steps.metric_id as leading_metric_id,
        int_funnels__chained.actual,
        int_funnels__chained.goal,
        int_funnels__chained.expected,
        int_funnels__chained.peer_steps,
        int_funnels__chained.peer_scope,
        int_funnels__chained.peer_count,
        int_constants.min_information,
        max(int_funnels__chained.actual) over (
            partition by
                int_funnels__chained.rep_id,
                int_funnels__chained.period_type,
                int_funnels__chained.period_start
        ) as most
    from int_funnels__chained
    cross join int_constants
    left join int_funnels__chained as leading_steps
        on
            int_funnels__chained.rep_id = leading_steps.rep_id
            and int_funnels__chained.period_type = leading_steps.period_type
            and int_funnels__chained.period_start = leading_steps.period_start
            and int_funnels__chained.leading_step = leading_steps.step
),

-- a step with too few expected events, or none to divide by, is left out: the factors on its two
-- sides become one. Only who did nothing at all is told about the first step
kept_steps as (
    select *
    from steps
    where
        step = last_step
        or (expected >= min_information and (actual > 0 or (step = 1 and most <= 0)))
),

final as (
    select
        {% for column in ["step", "metric_id", "step_name", "actual", "expected", "peer_steps"] %}
        lag({{ column }}) over (
            partition by rep_id, period_type, period_start
            order by step asc nulls last
        ) as from_{{ column }},
        {% endfor %}
        kept_steps.*
    from kept_steps
)

select * from final
