{% set quantiles = {"median": "0.5e0", "top_quartile": "0.75e0"} %}

with int_peers__preferred as (
    select * from {{ ref('int_peers__preferred') }}
),

int_peers__ranked as (
    select * from {{ ref('int_peers__ranked') }}
),

-- a quantile of the peers lies between two of them, at a place and the next one
placed as (
    select
        {% for quantile, share in quantiles.items() %}
        floor((peer_count - 1) * {{ share }}) + 1 as {{ quantile }}_place,
        (peer_count - 1) * {{ share }} - floor((peer_count - 1) * {{ share }})
            as {{ quantile }}_share,
        {% endfor %}
        int_peers__preferred.*
    from int_peers__preferred
),

-- places from the rep's own up move by one
final as (
    select
        {% for quantile in quantiles %}
        {{ quantile }}_low.rate
        + placed.{{ quantile }}_share * ({{ quantile }}_high.rate - {{ quantile }}_low.rate)
            as {{ quantile }}_rate,
        {% endfor %}
        placed.rep_id,
        placed.metric_id,
        placed.period_type,
        placed.period_start,
        placed.peer_scope,
        placed.peer_count
    from placed
    {% for quantile in quantiles %}
    {% for side, step in {"low": 0, "high": 1}.items() %}
    {% set place = "(placed." ~ quantile ~ "_place + " ~ step ~ ")" %}
    {% set peer = quantile ~ "_" ~ side %}
    inner join int_peers__ranked as {{ peer }}
        on
            placed.peer_scope = {{ peer }}.peer_scope
            and placed.role = {{ peer }}.role
            and placed.tier = {{ peer }}.tier
            and placed.metric_id = {{ peer }}.metric_id
            and placed.period_type = {{ peer }}.period_type
            and placed.period_start = {{ peer }}.period_start
            and {{ place }} + case when {{ place }} >= placed.own_place then 1 else 0 end
            = {{ peer }}.place
    {% endfor %}
    {% endfor %}
)

select * from final
