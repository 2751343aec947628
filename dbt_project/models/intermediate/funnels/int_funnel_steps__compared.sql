{%- set scopes = {
    "role_tier": "role, tier, step",
    "role": "role, step",
    "organisation": "previous_metric_id, metric_id",
} -%}

with int_funnel_steps__based as (
    select * from {{ ref('int_funnel_steps__based') }}
),

-- the others of the same role and tier, of the role, or with the same step in their funnel
peered as (
    select
        {% for scope, keys in scopes.items() %}
        {% for column in ["actual", "base"] %}
        sum({{ column }}) over (
            partition by period_type, period_start, {{ keys }}
        ) - {{ column }} as {{ scope }}_{{ column }},
        {% endfor %}
        count(*) over (partition by period_type, period_start, {{ keys }}) - 1
            as {{ scope }}_peers,
        {% endfor %}
        int_funnel_steps__based.*
    from int_funnel_steps__based
),

scoped as (
    select
        peered.*,
        case
            when role_tier_peers >= 5 and role_tier_actual > 0 then 'role_tier'
            when role_actual > 0 then 'role'
            else 'organisation'
        end as peer_scope
    from peered
),

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
        metric_kind,
        rate_metric_id,
        rate_name,
        rate_kind,
        actual,
        rate_goal,
        base,
        peer_scope,
        case peer_scope
            {% for scope in scopes %}
            when '{{ scope }}' then {{ scope }}_peers
            {% endfor %}
        end as peer_count,
        case peer_scope
            {% for scope in scopes %}
            when '{{ scope }}' then {{ scope }}_actual / nullif({{ scope }}_base, 0)
            {% endfor %}
        end as peer_rate
    from scoped
)

select * from final
