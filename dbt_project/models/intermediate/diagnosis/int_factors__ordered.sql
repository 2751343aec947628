with int_funnel_steps__kept as (
    select * from {{ ref('int_funnel_steps__kept') }}
),

int_results__missed as (
    select * from {{ ref('int_results__missed') }}
),

missed_steps as (
    select int_funnel_steps__kept.*
    from int_funnel_steps__kept
    inner join int_results__missed
        on
            int_funnel_steps__kept.rep_id = int_results__missed.rep_id
            and int_funnel_steps__kept.period_type = int_results__missed.period_type
            and int_funnel_steps__kept.period_start = int_results__missed.period_start
),

chain_factors as (
    select
        rep_id,
        period_type,
        period_start,
        role,
        step,
        case
            when from_step is null then 'volume:' || metric_id
            else
                case when aggregation = 'sum' then 'size:' else 'conversion:' end
                || from_metric_id || ':' || metric_id
        end as factor_id,
        case
            when from_step is null then step_name
            when from_step = step - 1 and rate_name is not null then rate_name
            when aggregation = 'sum' then step_name || ' per ' || lower(from_step_name)
            else step_name || ' from ' || lower(from_step_name)
        end as factor_name,
        case when from_step is null or aggregation = 'sum' then unit else 'ratio' end
            as factor_unit,
        metric_id as step_metric_id,
        case
            when from_step is null then actual
            when from_actual = 0 then expected / from_expected
            else actual / from_actual
        end as factor_actual,
        expected / coalesce(from_expected, 1) as factor_reference,
        case when peer_steps > coalesce(from_peer_steps, 0) then 'peers' else 'goal' end
            as reference_source,
        peer_scope,
        peer_count,
        -- the rate itself where it leads, else the last leading step up to this one
        coalesce(
            case when from_step = step - 1 then leading_rate_metric_id end, leading_metric_id
        ) as leading_metric_id,
        actual as scored_actual,
        -- what the step before it, as it was, should have led to
        coalesce(from_actual / nullif(from_expected, 0), 1) * expected as scored_expected,
        case when aggregation = 'sum' and from_step = step - 1 then from_actual end as sizes
    from missed_steps
),

-- the result's own goal may ask for more, or less, than goals and peers along the way lead to
goal_factors as (
    select
        rep_id,
        period_type,
        period_start,
        role,
        last_step + 1 as step,
        'goal:' || metric_id as factor_id,
        'Goal beyond its funnel' as factor_name,
        'ratio' as factor_unit,
        metric_id as step_metric_id,
        1e0 as factor_actual,
        goal / nullif(expected, 0) as factor_reference,
        'goal' as reference_source,
        cast(null as {{ type_text() }}) as peer_scope,
        cast(null as bigint) as peer_count,
        cast(null as {{ type_text() }}) as leading_metric_id,
        cast(null as {{ type_double() }}) as scored_actual,
        cast(null as {{ type_double() }}) as scored_expected,
        cast(null as {{ type_double() }}) as sizes
    from missed_steps
    where step = last_step and abs(goal / nullif(expected, 0) - 1) > 1e-6
),

unordered_factors as (
    select * from chain_factors
    union all
    select * from goal_factors
),

final as (
    select
        unordered_factors.*,
        row_number() over (
            partition by rep_id, period_type, period_start
            order by step asc nulls last
        ) as factor_order
    from unordered_factors
)

select * from final
