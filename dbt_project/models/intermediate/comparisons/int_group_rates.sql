with int_rep_results__rated as (
    select * from {{ ref('int_rep_results__rated') }}
),

-- a group is everyone who is measured on the metric, the rep included
teams as (
    select
        team,
        metric_id,
        is_additive,
        period_type,
        period_start,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(judged_capacity_days) as judged_capacity_days
    from int_rep_results__rated
    group by 1, 2, 3, 4, 5
),

team_rates as (
    select
        teams.*,
        numerator / nullif(case when is_additive then judged_capacity_days else denominator end, 0)
            as team_rate
    from teams
),

organisations as (
    select
        metric_id,
        period_type,
        period_start,
        sum(numerator)
        / nullif(sum(case when is_additive then judged_capacity_days else denominator end), 0)
            as organisation_rate
    from teams
    group by 1, 2, 3
),

final as (
    select
        team_rates.team,
        team_rates.metric_id,
        team_rates.period_type,
        team_rates.period_start,
        team_rates.team_rate,
        organisations.organisation_rate
    from team_rates
    inner join organisations
        on
            team_rates.metric_id = organisations.metric_id
            and team_rates.period_type = organisations.period_type
            and team_rates.period_start = organisations.period_start
)

select * from final
