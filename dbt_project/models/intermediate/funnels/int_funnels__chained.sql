{%- set funnel = "partition by rep_id, period_type, period_start order by step asc nulls last" -%}
{%- set up_to_step = funnel ~ " rows between unbounded preceding and current row" -%}

with int_funnel_steps__compared as (
    select * from {{ ref('int_funnel_steps__compared') }}
),

int_funnel_goals__summed as (
    select * from {{ ref('int_funnel_goals__summed') }}
),

joined as (
    select
        int_funnel_steps__compared.*,
        int_funnel_goals__summed.goal
    from int_funnel_steps__compared
    left join int_funnel_goals__summed
        on
            int_funnel_steps__compared.rep_id = int_funnel_goals__summed.rep_id
            and int_funnel_steps__compared.period_type = int_funnel_goals__summed.period_type
            and int_funnel_steps__compared.period_start = int_funnel_goals__summed.period_start
            and int_funnel_steps__compared.step = int_funnel_goals__summed.step
),

-- a step without a goal of its own has what the step before and a goal on the rate give
implied as (
    select
        joined.*,
        coalesce(goal, rate_goal * lag(goal) over ({{ funnel }})) as implied_goal
    from joined
),

factored as (
    select
        implied.*,
        case
            when step = 1 then goal
            else coalesce(rate_goal, goal / nullif(lag(implied_goal) over ({{ funnel }}), 0))
        end as goal_factor
    from implied
),

-- a goal where there is one, else the peers
referenced as (
    select
        factored.*,
        coalesce(
            goal_factor,
            case when step = 1 then peer_rate * base else peer_rate end
        ) as reference_factor
    from factored
),

-- what the chain leads to, step by step
chained as (
    select
        referenced.*,
        {{ settle('exp(
            sum(case when reference_factor > 0 then ln(reference_factor) end) over (
                ' ~ up_to_step ~ '
            )
        )') }} as expected,
        min(case when reference_factor > 0 then 1 else 0 end) over (
            partition by rep_id, period_type, period_start
        ) as is_complete,
        max(case when metric_kind = 'leading' then step end) over (
            {{ up_to_step }}
        ) as leading_step,
        sum(case when goal_factor is null then 1 else 0 end) over (
            {{ up_to_step }}
        ) as peer_steps
    from referenced
),

-- a chain with a step that nothing is known about cannot be compared
final as (
    select
        rep_id,
        rep_name,
        team,
        role,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        step,
        last_step,
        metric_id,
        step_name,
        aggregation,
        unit,
        case when rate_kind = 'leading' then rate_metric_id end as leading_rate_metric_id,
        rate_name,
        cast(leading_step as integer) as leading_step,
        actual,
        goal,
        expected,
        cast(peer_steps as bigint) as peer_steps,
        peer_scope,
        cast(peer_count as bigint) as peer_count
    from chained
    where is_complete = 1
)

select * from final
