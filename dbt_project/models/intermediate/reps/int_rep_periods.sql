with int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_activities__counted_daily as (
    select * from {{ ref('int_activities__counted_daily') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

captured as (
    select distinct
        rep_id,
        date_day
    from int_activities__counted_daily
),

days as (
    select
        int_rep_days.rep_id,
        int_rep_days.team,
        int_rep_days.date_day,
        case
            when int_rep_days.employed = 1 and int_rep_days.date_day <= {{ as_of_date() }}
                then int_rep_days.date_day
        end as reference_date,
        case
            when int_rep_days.date_day <= {{ goals_due_date() }} then int_rep_days.capacity
            else 0
        end as capacity_days,
        case
            when int_rep_days.date_day > {{ goals_due_date() }} then int_rep_days.capacity
            else 0
        end as capacity_days_remaining,
        case
            when
                int_rep_days.capacity > 0
                and int_rep_days.date_day <= {{ goals_due_date() }}
                then 1
            else 0
        end as work_days,
        case
            when
                int_rep_days.capacity > 0
                and int_rep_days.date_day <= {{ goals_due_date() }}
                and captured.date_day is not null
                then 1
            else 0
        end as captured_days
    from int_rep_days
    left join captured
        on
            int_rep_days.rep_id = captured.rep_id
            and int_rep_days.date_day = captured.date_day
),

{{ sum_by_period('days', ['rep_id'], {
    'reference_date': 'max',
    'capacity_days': 'sum',
    'capacity_days_remaining': 'sum',
    'work_days': 'sum',
    'captured_days': 'sum',
}) }},

-- the rep as on the last day that counts; someone not employed in a period has no scorecard in it
rep_periods as (
    select
        int_periods.period_type,
        int_periods.period_id,
        int_periods.period_start,
        int_periods.period_end,
        int_periods.is_current,
        days_by_period.rep_id,
        days_by_period.reference_date,
        int_crm__reps.rep_version_id,
        int_crm__reps.rep_name,
        int_crm__reps.team,
        int_crm__reps.region,
        int_crm__reps.role,
        int_crm__reps.tier,
        int_crm__reps.manager_id,
        days_by_period.capacity_days,
        days_by_period.capacity_days_remaining,
        days_by_period.work_days,
        days_by_period.captured_days
    from days_by_period
    inner join int_periods
        on
            days_by_period.period_type = int_periods.period_type
            and days_by_period.period_start = int_periods.period_start
    inner join int_crm__reps
        on
            days_by_period.rep_id = int_crm__reps.rep_id
            and days_by_period.reference_date >= int_crm__reps.effective_from
            and days_by_period.reference_date < int_crm__reps.effective_to
),

team_coverages as (
    select
        period_type,
        period_start,
        team,
        sum(captured_days) / nullif(cast(sum(work_days) as {{ type_double() }}), 0)
            as team_coverage_ratio
    from rep_periods
    group by 1, 2, 3
),

-- what is usual of a team: when a whole team falls silent, no rep of it falls behind the others
team_days as (
    select
        team,
        date_day,
        sum(work_days) as work_days,
        sum(captured_days) as captured_days
    from days
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
        rep_periods.*,
        rep_periods.captured_days
        / nullif(cast(rep_periods.work_days as {{ type_double() }}), 0) as coverage_ratio,
        team_coverages.team_coverage_ratio,
        usual_coverages.usual_coverage_ratio
    from rep_periods
    inner join team_coverages
        on
            rep_periods.period_type = team_coverages.period_type
            and rep_periods.period_start = team_coverages.period_start
            and rep_periods.team = team_coverages.team
    left join usual_coverages
        on
            rep_periods.period_type = usual_coverages.period_type
            and rep_periods.period_start = usual_coverages.period_start
            and rep_periods.team = usual_coverages.team
)

select * from final
