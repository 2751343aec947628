with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_windows as (
    select * from {{ ref('int_windows') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- four weeks need not begin with one: what was captured is that of the weeks that they touch
touched as (
    select
        int_windows.purpose,
        int_windows.period_type,
        int_windows.period_start,
        int_rep_periods.rep_id,
        max(int_rep_periods.team) as team,
        cast(sum(int_rep_periods.work_days) as {{ type_double() }}) as work_days,
        cast(sum(int_rep_periods.captured_days) as {{ type_double() }}) as captured_days,
        max(int_rep_periods.usual_coverage_ratio) as usual_coverage_ratio
    from int_rep_periods
    inner join int_windows
        on
            int_rep_periods.period_end >= int_windows.window_start
            and int_rep_periods.period_start <= int_windows.window_end
    where
        int_rep_periods.period_type = 'week'
        and int_windows.purpose in ('four_weeks', 'four_weeks_earlier')
    group by 1, 2, 3, 4
),

unioned as (
    select
        'period' as purpose,
        period_type,
        period_start,
        rep_id,
        work_days,
        coverage_ratio,
        team_coverage_ratio,
        usual_coverage_ratio
    from int_rep_periods
    union all
    select
        purpose,
        period_type,
        period_start,
        rep_id,
        work_days,
        captured_days / nullif(work_days, 0) as coverage_ratio,
        sum(captured_days) over (partition by purpose, period_start, team)
        / nullif(sum(work_days) over (partition by purpose, period_start, team), 0)
            as team_coverage_ratio,
        usual_coverage_ratio
    from touched
),

final as (
    select
        unioned.purpose,
        unioned.period_type,
        unioned.period_start,
        unioned.rep_id,
        unioned.coverage_ratio,
        unioned.work_days >= int_settings.suspect_min_capacity_days
        and (
            unioned.coverage_ratio
            < int_settings.suspect_coverage_ratio * unioned.team_coverage_ratio
            -- or the whole team fell silent, and the rep with it
            or coalesce(
                greatest(unioned.coverage_ratio, unioned.team_coverage_ratio)
                < int_settings.suspect_coverage_ratio * unioned.usual_coverage_ratio, false
            )
        ) as is_suspect
    from unioned
    cross join int_settings
)

select * from final
