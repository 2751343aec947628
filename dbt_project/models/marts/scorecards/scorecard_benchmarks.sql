with scorecard_rep_metrics as (
    select * from {{ ref('scorecard_rep_metrics') }}
),

int_periods__aged as (
    select * from {{ ref('int_periods__aged') }}
),

int_periods__compared as (
    select * from {{ ref('int_periods__compared') }}
),

int_rep_periods__ramping as (
    select * from {{ ref('int_rep_periods__ramping') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_industry_benchmarks__resolved as (
    select * from {{ ref('int_industry_benchmarks__resolved') }}
),

shown_periods as (
    select * from int_periods__aged
    where age <= 2
),

-- a period before the metric was recorded at all says nothing about anybody
first_days as (
    select
        metric_id,
        min(date_day) as first_day
    from int_metrics__daily
    group by 1
),

own_past as (
    select
        {% for comparison in ["previous", "last_year", "trailing_13_week"] %}
        sum(
            case
                when int_periods__compared.comparison = '{{ comparison }}'
                    then scorecard_rep_metrics.numerator
            end
        ) as {{ comparison }}_numerator,
        sum(
            case
                when int_periods__compared.comparison = '{{ comparison }}'
                    then scorecard_rep_metrics.denominator
            end
        ) as {{ comparison }}_denominator,
        sum(
            case
                when int_periods__compared.comparison = '{{ comparison }}'
                    then scorecard_rep_metrics.capacity_days
            end
        ) as {{ comparison }}_capacity_days,
        {% endfor %}
        scorecard_rep_metrics.rep_id,
        scorecard_rep_metrics.metric_id,
        int_periods__compared.period_type,
        int_periods__compared.period_start
    from int_periods__compared
    inner join scorecard_rep_metrics
        on
            int_periods__compared.earlier_type = scorecard_rep_metrics.period_type
            and int_periods__compared.earlier_start = scorecard_rep_metrics.period_start
    inner join first_days
        on
            scorecard_rep_metrics.metric_id = first_days.metric_id
            and int_periods__compared.earlier_start >= first_days.first_day
    group by
        scorecard_rep_metrics.rep_id,
        scorecard_rep_metrics.metric_id,
        int_periods__compared.period_type,
        int_periods__compared.period_start
),

-- the rate is what makes reps comparable: per day of capacity, or the ratio itself
cards as (
    select
        scorecard_rep_metrics.*,
        scorecard_rep_metrics.aggregation in ('count', 'sum') as is_additive,
        int_rep_periods__ramping.rep_id is not null as is_ramping,
        case
            when scorecard_rep_metrics.aggregation in ('count', 'sum')
                then
                    scorecard_rep_metrics.numerator
                    / nullif(scorecard_rep_metrics.capacity_days, 0)
            else scorecard_rep_metrics.actual
        end as rate
    from scorecard_rep_metrics
    inner join shown_periods
        on
            scorecard_rep_metrics.period_type = shown_periods.period_type
            and scorecard_rep_metrics.period_start = shown_periods.period_start
    left join int_rep_periods__ramping
        on
            scorecard_rep_metrics.rep_id = int_rep_periods__ramping.rep_id
            and scorecard_rep_metrics.period_type = int_rep_periods__ramping.period_type
            and scorecard_rep_metrics.period_start = int_rep_periods__ramping.period_start
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
    from cards
    where rate is not null and not is_ramping
    {{ "union all" if not loop.last }}
    {% endfor %}
),

ranked_peers as (
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
),

circle_sizes as (
    select distinct
        peer_scope,
        width,
        role,
        tier,
        metric_id,
        period_type,
        period_start,
        rep_count
    from ranked_peers
),

-- the rep is not a peer of the rep
sized_circles as (
    select
        cards.rep_id,
        cards.metric_id,
        cards.period_type,
        cards.period_start,
        circle_sizes.peer_scope,
        circle_sizes.width,
        circle_sizes.role,
        circle_sizes.tier,
        circle_sizes.rep_count - case when ranked_peers.rep_id is null then 0 else 1 end
            as peer_count,
        coalesce(ranked_peers.place, circle_sizes.rep_count + 1) as own_place
    from cards
    inner join circle_sizes
        on
            cards.metric_id = circle_sizes.metric_id
            and cards.period_type = circle_sizes.period_type
            and cards.period_start = circle_sizes.period_start
            and (circle_sizes.peer_scope = 'organisation' or cards.role = circle_sizes.role)
            and (circle_sizes.peer_scope <> 'role_tier' or cards.tier = circle_sizes.tier)
    left join ranked_peers
        on
            cards.rep_id = ranked_peers.rep_id
            and cards.metric_id = ranked_peers.metric_id
            and cards.period_type = ranked_peers.period_type
            and cards.period_start = ranked_peers.period_start
            and circle_sizes.peer_scope = ranked_peers.peer_scope
),

preferred_circles as (
    select
        sized_circles.*,
        row_number() over (
            partition by
                sized_circles.rep_id,
                sized_circles.metric_id,
                sized_circles.period_type,
                sized_circles.period_start
            order by sized_circles.width asc nulls last
        ) as preference
    from sized_circles
    cross join int_settings
    where sized_circles.peer_count >= int_settings.min_peers
),

-- a quantile of the peers lies between two of them, at a place and the next one
peer_places as (
    select
        {% for quantile, share in {"median": "0.5e0", "top_quartile": "0.75e0"}.items() %}
        floor((peer_count - 1) * {{ share }}) + 1 as {{ quantile }}_place,
        (peer_count - 1) * {{ share }} - floor((peer_count - 1) * {{ share }})
            as {{ quantile }}_share,
        {% endfor %}
        preferred_circles.*
    from preferred_circles
    where preference = 1
),

-- places from the rep's own up move by one
peers as (
    select
        peer_places.rep_id,
        peer_places.metric_id,
        peer_places.period_type,
        peer_places.period_start,
        peer_places.peer_scope,
        peer_places.peer_count,
        median_low.rate + peer_places.median_share * (median_high.rate - median_low.rate)
            as median_rate,
        top_quartile_low.rate
        + peer_places.top_quartile_share * (top_quartile_high.rate - top_quartile_low.rate)
            as top_quartile_rate
    from peer_places
    {% for side, place in {
        "median_low": "peer_places.median_place",
        "median_high": "(peer_places.median_place + 1)",
        "top_quartile_low": "peer_places.top_quartile_place",
        "top_quartile_high": "(peer_places.top_quartile_place + 1)",
    }.items() %}
    inner join ranked_peers as {{ side }}
        on
            peer_places.peer_scope = {{ side }}.peer_scope
            and peer_places.role = {{ side }}.role
            and peer_places.tier = {{ side }}.tier
            and peer_places.metric_id = {{ side }}.metric_id
            and peer_places.period_type = {{ side }}.period_type
            and peer_places.period_start = {{ side }}.period_start
            and {{ place }} + case when {{ place }} >= peer_places.own_place then 1 else 0 end
            = {{ side }}.place
    {% endfor %}
),

-- team and organisation are everyone who is measured on the metric, the rep included
teams as (
    select
        team,
        metric_id,
        period_type,
        period_start,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(capacity_days) as capacity_days
    from cards
    group by 1, 2, 3, 4
),

organisations as (
    select
        metric_id,
        period_type,
        period_start,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(capacity_days) as capacity_days
    from teams
    group by 1, 2, 3
),

joined as (
    select
        cards.*,
        -- who was not there to work is compared with nobody
        case when cards.is_additive then nullif(cards.capacity_days, 0) else 1e0 end as scale,
        {% for comparison in ["previous", "last_year", "trailing_13_week"] %}
        own_past.{{ comparison }}_numerator
        / nullif(
            case
                when cards.is_additive then own_past.{{ comparison }}_capacity_days
                else own_past.{{ comparison }}_denominator
            end, 0
        ) as {{ comparison }}_rate,
        {% endfor %}
        {% for relation in ["teams", "organisations"] %}
        {{ relation }}.numerator
        / nullif(
            case
                when cards.is_additive then {{ relation }}.capacity_days
                else {{ relation }}.denominator
            end, 0
        ) as {{ relation }}_rate,
        {% endfor %}
        peers.median_rate,
        peers.top_quartile_rate,
        peers.peer_count,
        peers.peer_scope,
        int_industry_benchmarks__resolved.value as industry_rate,
        int_industry_benchmarks__resolved.sample_size as industry_sample_size,
        int_industry_benchmarks__resolved.source as industry_source,
        int_industry_benchmarks__resolved.year as industry_year,
        int_industry_benchmarks__resolved.is_verified as industry_is_verified
    from cards
    left join own_past
        on
            cards.rep_id = own_past.rep_id
            and cards.metric_id = own_past.metric_id
            and cards.period_type = own_past.period_type
            and cards.period_start = own_past.period_start
    left join peers
        on
            cards.rep_id = peers.rep_id
            and cards.metric_id = peers.metric_id
            and cards.period_type = peers.period_type
            and cards.period_start = peers.period_start
    left join teams
        on
            cards.team = teams.team
            and cards.metric_id = teams.metric_id
            and cards.period_type = teams.period_type
            and cards.period_start = teams.period_start
    left join organisations
        on
            cards.metric_id = organisations.metric_id
            and cards.period_type = organisations.period_type
            and cards.period_start = organisations.period_start
    left join int_industry_benchmarks__resolved
        on
            cards.role = int_industry_benchmarks__resolved.role
            and cards.metric_id = int_industry_benchmarks__resolved.metric_id
),

-- a rate becomes what the rep would have reached with it in the days that the rep was there
final as (
    select
        {{ as_of_date() }} as as_of_date,
        rep_id,
        metric_id,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        rep_name,
        team,
        role,
        tier,
        metric_name,
        unit,
        aggregation,
        is_higher_better,
        metric_kind,
        sort_order,
        actual,
        goal_to_date,
        capacity_days,
        is_ramping,
        {% for comparison in ["previous", "last_year", "trailing_13_week"] %}
        {{ settle(comparison ~ "_rate * scale") }} as {{ comparison }}_value,
        {% endfor %}
        {{ settle("median_rate * scale") }} as peer_median,
        {{ settle("top_quartile_rate * scale") }} as peer_top_quartile,
        case when scale is not null then peer_count end as peer_count,
        case when scale is not null then peer_scope end as peer_scope,
        {{ settle("teams_rate * scale") }} as team_value,
        {{ settle("organisations_rate * scale") }} as organisation_value,
        {{ settle("industry_rate * scale") }} as industry_value,
        industry_sample_size,
        industry_source,
        industry_year,
        industry_is_verified
    from joined
)

select * from final
