with int_rep_results__rated as (
    select * from {{ ref('int_rep_results__rated') }}
),

-- everyone who may be a peer, once in each circle from the narrowest to the widest
circles as (
    {% for scope in ["role_tier", "role", "organisation"] %}
    select
        '{{ scope }}' as peer_scope,
        {{ loop.index }} as width,
        {{ "''" if scope == "organisation" else "role" }} as role,
        {{ "tier" if scope == "role_tier" else "''" }} as tier,
        metric_id,
        period_type,
        period_start,
        rep_id,
        rate,
        case when is_higher_better then rate else -rate end as merit
    from int_rep_results__rated
    where rate is not null and not is_ramping
    {{ "union all" if not loop.last }}
    {% endfor %}
),

ranked as (
    select
        circles.*,
        row_number() over (
            partition by peer_scope, role, tier, metric_id, period_type, period_start
            order by merit asc nulls last, rep_id asc nulls last
        ) as place,
        count(*) over (
            partition by peer_scope, role, tier, metric_id, period_type, period_start
        ) as rep_count
    from circles
)

select * from ranked
