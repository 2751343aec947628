-- what: Each goal is reached by some reps and not by nearly all.
-- reason: A goal that hardly anybody or nearly everybody reaches tells nobody anything:
-- remedy: set it as the planning page suggests, or move the edges min_reached_ratio and
--     max_reached_ratio in company_settings.csv. In a hard year it may be right as it is.
-- severity: warn
-- table: goal_quality
-- column: verdict
-- expected: reached by some and not by nearly all
-- absent: no goal is held by enough reps to tell

select
    'goal ' || goal_id || coalesce(' of ' || nullif(role, ''), '')
    || coalesce(' ' || nullif(tier, ''), '') as subject,
    sentence as observed,
    'reached by some and not by nearly all' as expected,
    case when verdict in ('nobody', 'everybody') then 1 else 0 end as failed_rows
from marts.goal_quality
where subject = 'goal' and verdict is not null
