with int_rep_days__captured as (
    select * from {{ ref('int_rep_days__captured') }}
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
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
)

select * from usual_coverages
