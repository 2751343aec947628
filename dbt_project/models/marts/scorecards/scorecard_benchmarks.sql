{% set comparisons = ["previous", "last_year", "trailing_13_week"] %}

with int_rep_results__rated as (
    select * from {{ ref('int_rep_results__rated') }}
),

int_past_rates as (
    select * from {{ ref('int_past_rates') }}
),

int_peer_rates as (
    select * from {{ ref('int_peer_rates') }}
),

int_group_rates as (
    select * from {{ ref('int_group_rates') }}
),

int_industry_benchmarks__resolved as (
    select * from {{ ref('int_industry_benchmarks__resolved') }}
),

joined as (
    select
        int_rep_results__rated.*,
        -- who was not there to work is compared with nobody
        case
            when int_rep_results__rated.is_additive
                then nullif(int_rep_results__rated.judged_capacity_days, 0)
            else 1e0
        end as scale,
        {% for comparison in comparisons %}
        int_past_rates.{{ comparison }}_rate,
        {% endfor %}
        int_peer_rates.median_rate,
        int_peer_rates.top_quartile_rate,
        int_peer_rates.peer_count,
        int_peer_rates.peer_scope,
        int_group_rates.team_rate,
        int_group_rates.organisation_rate,
        int_industry_benchmarks__resolved.value as industry_rate,
        int_industry_benchmarks__resolved.sample_size as industry_sample_size,
        int_industry_benchmarks__resolved.source as industry_source,
        int_industry_benchmarks__resolved.year as industry_year,
        int_industry_benchmarks__resolved.is_verified as industry_is_verified
    from int_rep_results__rated
    {% for rates in ["int_past_rates", "int_peer_rates"] %}
    left join {{ rates }}
        on
            int_rep_results__rated.rep_id = {{ rates }}.rep_id
            and int_rep_results__rated.metric_id = {{ rates }}.metric_id
            and int_rep_results__rated.period_type = {{ rates }}.period_type
            and int_rep_results__rated.period_start = {{ rates }}.period_start
    {% endfor %}
    left join int_group_rates
        on
            int_rep_results__rated.team = int_group_rates.team
            and int_rep_results__rated.metric_id = int_group_rates.metric_id
            and int_rep_results__rated.period_type = int_group_rates.period_type
            and int_rep_results__rated.period_start = int_group_rates.period_start
    left join int_industry_benchmarks__resolved
        on
            int_rep_results__rated.role = int_industry_benchmarks__resolved.role
            and int_rep_results__rated.metric_id = int_industry_benchmarks__resolved.metric_id
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
        judged_actual,
        judged_goal,
        capacity_days,
        judged_capacity_days,
        is_ramping,
        {% for comparison in comparisons %}
        {{ settle(comparison ~ "_rate * scale") }} as {{ comparison }}_value,
        {% endfor %}
        {{ settle("median_rate * scale") }} as peer_median,
        {{ settle("top_quartile_rate * scale") }} as peer_top_quartile,
        case when scale is not null then peer_count end as peer_count,
        case when scale is not null then peer_scope end as peer_scope,
        {{ settle("team_rate * scale") }} as team_value,
        {{ settle("organisation_rate * scale") }} as organisation_value,
        {{ settle("industry_rate * scale") }} as industry_value,
        industry_sample_size,
        industry_source,
        industry_year,
        industry_is_verified
    from joined
)

select * from final
