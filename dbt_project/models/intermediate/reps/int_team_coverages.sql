with int_rep_periods__placed as (
    select * from {{ ref('int_rep_periods__placed') }}
),

int_rep_days__captured as (
    select * from {{ ref('int_rep_days__captured') }}
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

team_periods as (
    select
        period_type,
        period_start,
        team,
        sum(captured_days) / nullif(cast(sum(work_days) as {{ type_double() }}), 0)
            as team_coverage_ratio
    from int_rep_periods__placed
    group by 1, 2, 3
),

-- a team's usual level: when a whole team falls silent, no rep falls behind the others
team_days as (
    select
        team,
        date_day,
        sum(work_days) as work_days,
        sum(captured_days) as captured_days
    from int_rep_days__captured
    group by 1, 2
),

usual_coverages as (
    select
        int_periods.period_type,
        int_periods.period_start,
        team_days.team,
        sum(team_days.captured_days)
        / nullif(cast(sum(team_days.work_days) as {{ type_double() }}), 0) as usual_coverage_ratio
    from int_periods
    cross join int_settings
    inner join team_days
        on
            team_days.date_day < int_periods.period_start
            and team_days.date_day
            >= {{ add_days('int_periods.period_start', '-int_settings.signal_baseline_days') }}
    group by 1, 2, 3
),

final as (
    select
        team_periods.period_type,
        team_periods.period_start,
        team_periods.team,
        team_periods.team_coverage_ratio,
        usual_coverages.usual_coverage_ratio
    from team_periods
    left join usual_coverages
        on
            team_periods.period_type = usual_coverages.period_type
            and team_periods.period_start = usual_coverages.period_start
            and team_periods.team = usual_coverages.team
)

select * from final
