-- what: the days of each period that contains the as-of date; a table, because facts are joined to
--     it by day

with periods as (
    select distinct period_type, period_start, period_end
    from marts.scorecard_teams
    where is_current
    union
    select distinct period_type, period_start, period_end
    from marts.scorecard_rep_metrics
    where is_current
)

select
    period_type,
    period_start,
    cast(
        unnest(generate_series(period_start, least(period_end, {{ as_of }}), interval 1 day))
        as date
    ) as date_day
from periods
