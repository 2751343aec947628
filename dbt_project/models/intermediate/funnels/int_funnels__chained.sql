{%- set up_to_step -%}
    partition by rep_id, period_type, period_start
    order by step asc nulls last
    rows between unbounded preceding and current row
{%- endset -%}

with int_funnel_steps__compared as (
    select * from {{ ref('int_funnel_steps__compared') }}
),

-- a goal where there is one, else the peers
referenced as (
    select
        int_funnel_steps__compared.*,
        coalesce(
            goal_factor,
            case when step = 1 then peer_rate * base else peer_rate end
        ) as reference_factor
    from int_funnel_steps__compared
),

-- what the chain leads to, step by step
chained as (
    select
        referenced.*,
        {{ settle('exp(
            sum(ln(nullif(greatest(reference_factor, 0), 0))) over (
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
