with int_record_days as (
    select * from {{ ref('int_record_days') }}
    where source_table = 'activities' and rep_id <> 'unassigned'
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
    where capacity > 0 and date_day <= {{ goals_due_date() }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
    where source_table = 'activities'
),

asked_kinds as (
    select distinct coalesce(lower(activity_type), '') as kind from event_rules
),

-- kind '' is any
team_records as (
    select distinct
        int_record_days.team,
        asked_kinds.kind,
        int_record_days.rep_id,
        int_record_days.date_day
    from int_record_days
    inner join asked_kinds
        on int_record_days.kind = asked_kinds.kind or asked_kinds.kind = ''
    where int_record_days.team is not null
),

loggers as (
    select
        team,
        kind,
        rep_id,
        min(min(date_day)) over (partition by team, kind) as first_day
    from team_records
    group by 1, 2, 3
),

team_days as (
    select distinct
        loggers.team,
        loggers.kind,
        int_rep_days.date_day
    from loggers
    inner join int_rep_days
        on
            loggers.rep_id = int_rep_days.rep_id
            and loggers.team = int_rep_days.team
            and int_rep_days.date_day >= loggers.first_day
),

seen_by_teams as (
    select distinct
        team,
        kind,
        date_day
    from team_records
),

seen_by_reps as (
    select distinct
        rep_id,
        date_day,
        min(date_day) over (partition by rep_id) as first_day
    from int_record_days
),

first_by_reps as (
    select distinct
        rep_id,
        first_day
    from seen_by_reps
),

-- days on which somebody who logs was at work: a holiday or an absence is no gap in the capture
final as (
    select
        'team' as scope,
        team_days.team as scope_id,
        team_days.kind,
        team_days.date_day,
        seen_by_teams.date_day is null as is_silent
    from team_days
    left join seen_by_teams
        on
            team_days.team = seen_by_teams.team
            and team_days.kind = seen_by_teams.kind
            and team_days.date_day = seen_by_teams.date_day
    union all
    select
        'rep' as scope,
        int_rep_days.rep_id as scope_id,
        '' as kind,
        int_rep_days.date_day,
        seen_by_reps.date_day is null as is_silent
    from int_rep_days
    inner join first_by_reps
        on
            int_rep_days.rep_id = first_by_reps.rep_id
            and int_rep_days.date_day >= first_by_reps.first_day
    left join seen_by_reps
        on
            int_rep_days.rep_id = seen_by_reps.rep_id
            and int_rep_days.date_day = seen_by_reps.date_day
)

select * from final
