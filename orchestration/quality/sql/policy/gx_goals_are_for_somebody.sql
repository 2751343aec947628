-- what: Each goal is for somebody on some day.
-- reason: A goal for nobody counts nowhere, and whom it was meant for falls to a more general one:
-- remedy: write the name as the reps have it, or remove the line.
-- severity: warn
-- table: dim_goals

with goals as (
    select * from held_goals where goal_number not in (select goal_number from goal_spans)
),

names as (
    select distinct 'rep' as scope, rep_id as name, rep_name as known_as from rep_spans
    union
    select distinct 'team', team, team from rep_spans
    union
    select distinct 'role', role, role from rep_spans
    union
    select distinct 'region', region, region from rep_spans
),

compared as (
    select
        goals.goal_number,
        names.name,
        greatest(
            jaro_winkler_similarity(lower(names.name), lower(goals.scope_value)),
            jaro_winkler_similarity(lower(names.known_as), lower(goals.scope_value))
        ) as similarity
    from goals
    inner join names
        on goals.scope = names.scope and names.name <> ''
),

likely as (
    select goal_number, arg_max(name, similarity) as name
    from compared
    where similarity >= 0.8
    group by 1
),

known as (
    select distinct goals.goal_number
    from goals
    inner join names
        on goals.scope = names.scope and goals.scope_value = names.name
)

select
    goals.file,
    goals.source_table,
    goals.line,
    'goal ''' || coalesce(goals.goal_id, '') || ''' is for nobody: no rep '
    || case goals.scope
        when 'rep' then 'has the id ''' || goals.scope_value || ''''
        when 'org' then 'is employed'
        else 'is of ' || goals.scope || ' ''' || goals.scope_value || ''''
    end
    || case when goals.tier <> '' then ' and tier ''' || goals.tier || '''' else '' end
    || case
        when goals.last_day < date '9999-12-31' or goals.first_day > date '1900-01-01'
            then ' on a day from ' || goals.first_day || ' to ' || goals.last_day
        else ' on any day'
    end as message,
    case
        when known.goal_number is not null
            then 'change its days or tier to those of the reps, or remove the line'
        else
            'write it as the reps have it'
            || coalesce(', most likely ''' || likely.name || '''', '') || ', or remove the line'
    end as remedy,
    1 as failed_rows
from goals
left join likely
    on goals.goal_number = likely.goal_number
left join known
    on goals.goal_number = known.goal_number
where exists (select 1 from rep_spans)
