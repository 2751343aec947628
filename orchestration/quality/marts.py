"""Suite `marts`: do the published tables agree with the source and with each other?

Runs after dbt, on the working warehouse. What is compared is computed here a second time, from the
raw tables and the policy, not taken from the models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from orchestration.quality.checks import BuiltIn, Check, Measured, Suite
from orchestration.quality.results import CheckSpec, Severity
from orchestration.sources.canonical import TABLES

# sums of floating-point numbers in another order differ by less than this share
ROUNDING = "1e-6"
# the canonical tables that any source may have; the others are kept in files
FROM_ANY_SOURCE = (
    "reps",
    "activities",
    "opportunities",
    "opportunity_splits",
    "opportunity_stage_changes",
    "leads",
    "accounts",
)

# activities that count by the as-of date, by what event rules look at. Only near the as-of date
# does the local day need the rep's time zone: elsewhere the UTC day already decides.
COUNTED_ACTIVITIES = """
create or replace temp table counted_activities as
with live as (
    select
        nullif(trim(rep_id), '') as rep_id,
        nullif(lower(trim(activity_type)), '') as activity_type,
        nullif(lower(trim(direction)), '') as direction,
        nullif(lower(trim(outcome)), '') as outcome,
        duration_seconds,
        cast(occurred_at as timestamptz) as occurred_at
    from raw_files.activities
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and occurred_at >= cast({as_of} as varchar)
        and occurred_at < cast({as_of} + 2 as varchar)
),

rep_versions as (
    select
        trim(rep_id) as rep_id,
        coalesce(nullif(trim(time_zone), ''), {time_zone}) as time_zone,
        case
            when row_number() over (partition by rep_id order by valid_from asc nulls first) = 1
                then timestamptz '1900-01-01 00:00:00+00'
            else cast(valid_from || ' 00:00:00+00' as timestamptz)
        end as effective_at
    from raw_files.reps
    where coalesce(_is_deleted, 'false') <> 'true'
),

near as (
    select live.*
    from live
    asof left join rep_versions
        on live.rep_id = rep_versions.rep_id and live.occurred_at >= rep_versions.effective_at
    where
        cast(
            timezone(coalesce(rep_versions.time_zone, {time_zone}), live.occurred_at) as date
        ) <= {as_of}
),

earlier as (
    select activity_type, direction, outcome, duration_seconds, count(*) as row_count
    from raw_files.activities
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and occurred_at < cast({as_of} as varchar)
    group by 1, 2, 3, 4
),

counted as (
    select
        nullif(lower(trim(activity_type)), '') as activity_type,
        nullif(lower(trim(direction)), '') as direction,
        nullif(lower(trim(outcome)), '') as outcome,
        coalesce(try_cast(duration_seconds as double), 0) as seconds,
        row_count
    from earlier
    union all
    select
        activity_type,
        direction,
        outcome,
        coalesce(try_cast(duration_seconds as double), 0) as seconds,
        1 as row_count
    from near
)

select row_number() over () as cell_id, counted.* from counted
"""

# each deal's openings and closings that count by the as-of date
COUNTED_DEALS = """
create or replace temp table counted_deals as
with rep_zones as (
    select
        trim(rep_id) as rep_id,
        arg_max(nullif(trim(time_zone), ''), coalesce(valid_from, '')) as time_zone
    from raw_files.reps
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and coalesce(valid_from, '') <= cast({as_of} as varchar)
    group by 1
),

credits as (
    select opportunity_id, sum(cast(split_ratio as double)) as credit
    from raw_files.opportunity_splits
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 1
),

deals as (
    select
        nullif(lower(trim(opportunities.opportunity_type)), '') as opportunity_type,
        coalesce(credits.credit, 1) as credit,
        cast(
            timezone(
                coalesce(rep_zones.time_zone, {time_zone}),
                cast(opportunities.created_at as timestamptz)
            ) as date
        ) as created_date,
        case
            when opportunities.is_closed = 'true' then cast(opportunities.close_date as date)
        end as closed_date,
        coalesce(opportunities.is_won, 'false') = 'true' as is_won
    from raw_files.opportunities
    left join rep_zones
        on trim(opportunities.rep_id) = rep_zones.rep_id
    left join credits
        on opportunities.opportunity_id = credits.opportunity_id
    where coalesce(opportunities._is_deleted, 'false') <> 'true'
)

select opportunity_type, 'created' as outcome, sum(credit) as credit
from deals
where created_date <= {as_of}
group by 1
union all
select opportunity_type, case when is_won then 'won' else 'lost' end, sum(credit)
from deals
where closed_date <= {as_of}
group by all
union all
select opportunity_type, 'closed', sum(credit)
from deals
where closed_date <= {as_of}
group by 1
"""

FACTS = """
create or replace temp view facts as
select rep_id, metric_id, date_day, value, numerator, denominator
from marts.fct_leading_metrics_daily
union all
select rep_id, metric_id, date_day, value, numerator, denominator
from marts.fct_lagging_metrics_daily
"""

# the days of each period that contains the as-of date; a table, for facts are joined to it by day
CURRENT_DAYS = """
create or replace temp table current_days as
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
        unnest(generate_series(period_start, least(period_end, {as_of}), interval 1 day)) as date
    ) as date_day
from periods
"""

# what happened in each period that contains the as-of date, by rep and metric
CURRENT_SUMS = """
create or replace temp table current_sums as
select
    facts.rep_id,
    facts.metric_id,
    current_days.period_type,
    current_days.period_start,
    sum(facts.value) as value,
    sum(facts.numerator) as numerator,
    sum(facts.denominator) as denominator
from facts
inner join current_days
    on facts.date_day = current_days.date_day
group by 1, 2, 3, 4
"""

RAW_RECONCILIATION = (
    """
with matches as (
    select distinct
        event_rules.event_type,
        counted_activities.cell_id,
        counted_activities.row_count
    from counted_activities
    inner join config.event_rules
        on
            event_rules.source_table = 'activities'
            and coalesce(lower(event_rules.activity_type), counted_activities.activity_type)
            = counted_activities.activity_type
            and (
                event_rules.direction is null
                or lower(event_rules.direction) = counted_activities.direction
            )
            and (
                event_rules.outcome is null
                or lower(event_rules.outcome) = counted_activities.outcome
            )
            and coalesce(cast(event_rules.min_duration_seconds as double), 0)
            <= counted_activities.seconds
),

deal_matches as (
    select distinct
        event_rules.event_type,
        counted_deals.outcome,
        counted_deals.opportunity_type,
        counted_deals.credit
    from counted_deals
    inner join config.event_rules
        on
            event_rules.source_table = 'opportunities'
            and lower(event_rules.outcome) = counted_deals.outcome
            and (
                event_rules.activity_type is null
                or lower(event_rules.activity_type) = counted_deals.opportunity_type
            )
),

events as (
    select event_type, sum(row_count) as event_count from matches group by 1
    union all
    select event_type, sum(credit) as event_count from deal_matches group by 1
),

event_totals as (
    select event_type, sum(event_count) as event_count from events group by 1
),

-- events of other tables are not counted a second time here
countable as (
    select metrics.metric_id, metrics.event_type
    from config.metrics
    where
        metrics.aggregation = 'count'
        and metrics.event_type not in (
            select event_type from config.event_rules
            where source_table not in ('activities', 'opportunities')
        )
),

fact_totals as (
    select metric_id, sum(value) as value from facts where date_day <= {as_of} group by 1
)

select
    countable.metric_id as subject,
    cast(coalesce(fact_totals.value, 0) as varchar) || ' in the marts' as observed,
    cast(coalesce(event_totals.event_count, 0) as varchar) || ' in raw' as expected,
    case
        when
            abs(coalesce(fact_totals.value, 0) - coalesce(event_totals.event_count, 0))
            <= """
    + ROUNDING
    + """ * greatest(coalesce(event_totals.event_count, 0), 1)
            then 0
        else ceil(abs(coalesce(fact_totals.value, 0) - coalesce(event_totals.event_count, 0)))
    end as failed_rows
from countable
left join event_totals
    on countable.event_type = event_totals.event_type
left join fact_totals
    on countable.metric_id = fact_totals.metric_id
"""
)

# `shown` has the rows of a scorecard, `summed` what the facts say; one row comes back per metric
_AGREEMENT = (
    """
with shown as ({shown}),

summed as ({summed}),

compared as (
    select
        shown.metric_id,
        case
            when shown.aggregation in ('count', 'sum')
                then
                    abs(coalesce(shown.actual, 0) - coalesce(summed.value, 0))
                    <= """
    + ROUNDING
    + """ * greatest(abs(coalesce(summed.value, 0)), 1)
            else
                abs(coalesce(shown.numerator, 0) - coalesce(summed.numerator, 0))
                <= """
    + ROUNDING
    + """ * greatest(abs(coalesce(summed.numerator, 0)), 1)
                and abs(coalesce(shown.denominator, 0) - coalesce(summed.denominator, 0))
                <= """
    + ROUNDING
    + """ * greatest(abs(coalesce(summed.denominator, 0)), 1)
        end as is_equal,
        shown.label || ': ' || coalesce(cast(shown.actual as varchar), 'nothing') as shown_text,
        coalesce(cast(coalesce(summed.value, summed.numerator) as varchar), 'nothing')
            as summed_text
    from shown
    left join summed
        on {joined}
)

select
    metric_id as subject,
    coalesce(
        min(shown_text) filter (not is_equal) || ' where the facts have '
        || arg_min(summed_text, shown_text) filter (not is_equal),
        count(*) || ' figures agree'
    ) as observed,
    'the sum of the facts' as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
"""
)

ORGANISATION = _AGREEMENT.format(
    shown="""
    select *, period_type || ' ' || period_id as label
    from marts.scorecard_teams
    where team_scope = 'organisation' and is_current
    """,
    summed="""
    select
        metric_id,
        period_type,
        period_start,
        sum(value) as value,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from current_sums
    group by 1, 2, 3
    """,
    joined="""
    shown.metric_id = summed.metric_id
    and shown.period_type = summed.period_type
    and shown.period_start = summed.period_start
    """,
)

REP_ACTUALS = _AGREEMENT.format(
    shown="""
    select *, rep_id || ' ' || period_type || ' ' || period_id as label
    from marts.scorecard_rep_metrics
    where is_current
    """,
    summed="select * from current_sums",
    joined="""
    shown.rep_id = summed.rep_id
    and shown.metric_id = summed.metric_id
    and shown.period_type = summed.period_type
    and shown.period_start = summed.period_start
    """,
)

UNASSIGNED = (
    """
with shown as (
    select * from marts.scorecard_teams
    where team_scope = 'organisation' and is_current and aggregation in ('count', 'sum')
),

compared as (
    select
        shown.metric_id,
        shown.period_type,
        coalesce(shown.unassigned_actual, 0) as shown_value,
        coalesce(current_sums.value, 0) as summed_value
    from shown
    left join current_sums
        on
            current_sums.rep_id = 'unassigned'
            and shown.metric_id = current_sums.metric_id
            and shown.period_type = current_sums.period_type
            and shown.period_start = current_sums.period_start
)

select
    metric_id || ' ' || period_type as subject,
    cast(shown_value as varchar) as observed,
    cast(summed_value as varchar) as expected,
    case
        when abs(shown_value - summed_value) <= """
    + ROUNDING
    + """ * greatest(abs(summed_value), 1) then 0
        else 1
    end as failed_rows
from compared
"""
)

# whole periods that one goal covers from the first to the last day, this year and the year before
GOALS_CONSERVED = (
    """
with goals as (
    select goal_id, metric_id, period, goal
    from marts.dim_goals
    where timing = 'redistribute' and period in ('week', 'month', 'quarter', 'year')
),

days as (
    select
        goal_days.rep_id,
        goal_days.metric_id,
        goal_days.goal_id,
        goals.goal,
        goal_days.full_goal,
        goal_days.working,
        case goals.period
            when 'week' then dim_dates.week_start_date
            when 'month' then dim_dates.month_start_date
            when 'quarter' then dim_dates.quarter_start_date
            else dim_dates.year_start_date
        end as period_start,
        case goals.period
            when 'week' then dim_dates.week_end_date
            when 'month' then dim_dates.month_end_date
            when 'quarter' then dim_dates.quarter_end_date
            else dim_dates.year_end_date
        end as period_end
    from marts.fct_goals_daily as goal_days
    inner join goals
        on goal_days.goal_id = goals.goal_id
    inner join marts.dim_metrics
        on
            goal_days.metric_id = dim_metrics.metric_id
            and dim_metrics.aggregation in ('count', 'sum')
    inner join marts.dim_dates
        on goal_days.date_day = dim_dates.date_day
    where
        goal_days.date_day >= (
            select year_start_date - 366 from marts.dim_dates where date_day = {as_of}
        )
),

periods as (
    select
        goal_id,
        rep_id,
        period_start,
        max(goal) as goal,
        sum(full_goal) as full_goal
    from days
    group by goal_id, rep_id, metric_id, period_start, period_end
    having count(*) = period_end - period_start + 1 and sum(working) > 0
),

compared as (
    select
        *,
        abs(coalesce(full_goal, 0) - goal) <= """
    + ROUNDING
    + """ * greatest(abs(goal), 1) as is_equal
    from periods
)

select
    goal_id as subject,
    coalesce(
        'rep ' || min(rep_id) filter (not is_equal) || ' has '
        || arg_min(full_goal, rep_id) filter (not is_equal) || ' in the period from '
        || arg_min(period_start, rep_id) filter (not is_equal),
        count(*) || ' periods add up'
    ) as observed,
    'the daily goals of a whole period add up to ' || max(goal) as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
"""
)

# what everyone reached per day, given back to each rep by days, is what everyone reached
BENCHMARKS = (
    """
with shown as (
    select
        metric_id,
        period_type || ' ' || period_id as label,
        period_type,
        period_start,
        sum(organisation_value) as organisation_value
    from marts.scorecard_benchmarks
    where aggregation in ('count', 'sum')
    group by all
    having count(organisation_value) > 0
),

summed as (
    select metric_id, period_type, period_start, sum(actual) as actual
    from marts.scorecard_rep_metrics
    group by all
),

compared as (
    select
        shown.*,
        summed.actual,
        abs(shown.organisation_value - coalesce(summed.actual, 0))
        <= """
    + ROUNDING
    + """ * greatest(abs(coalesce(summed.actual, 0)), 1) as is_equal
    from shown
    left join summed
        on
            shown.metric_id = summed.metric_id
            and shown.period_type = summed.period_type
            and shown.period_start = summed.period_start
)

select
    metric_id as subject,
    coalesce(
        min(label || ': ' || organisation_value) filter (not is_equal) || ' where the reps have '
        || arg_min(coalesce(actual, 0), label) filter (not is_equal),
        count(*) || ' periods add up'
    ) as observed,
    'the sum of the reps' as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
"""
)

PEER_MEDIANS = (
    """
with rates as (
    select
        *,
        case when peer_scope <> 'organisation' then role else '' end as circle,
        case when aggregation in ('count', 'sum') then nullif(capacity_days, 0) else 1 end as scale
    from marts.scorecard_benchmarks
),

extremes as (
    select metric_id, period_type, period_start, role as circle,
        min(actual / scale) as lowest, max(actual / scale) as highest
    from rates
    group by all
    union all
    select metric_id, period_type, period_start, '', min(actual / scale), max(actual / scale)
    from rates
    group by all
),

compared as (
    select
        rates.metric_id,
        rates.rep_id || ' ' || rates.period_type || ': ' || rates.peer_median / rates.scale
            as label,
        rates.peer_median / rates.scale between
            extremes.lowest - """
    + ROUNDING
    + """ * greatest(abs(extremes.lowest), 1)
        and extremes.highest + """
    + ROUNDING
    + """ * greatest(abs(extremes.highest), 1) as is_within
    from rates
    inner join extremes
        on
            rates.metric_id = extremes.metric_id
            and rates.period_type = extremes.period_type
            and rates.period_start = extremes.period_start
            and rates.circle = extremes.circle
    where rates.peer_median is not null
)

select
    metric_id as subject,
    coalesce(min(label) filter (not is_within), count(*) || ' medians are') as observed,
    'between the least and the most that a rep of the circle reaches per day' as expected,
    count(*) filter (not is_within) as failed_rows
from compared
group by 1
"""
)

STAGED_ROWS = "\nunion all\n".join(
    f"""
select
    '{table.name}' as subject,
    staged.row_count || ' rows staged, ' || staged.live_count || ' of them live' as observed,
    stored.row_count || ' rows loaded, ' || stored.live_count || ' of them live' as expected,
    greatest(
        abs(staged.row_count - stored.row_count), abs(staged.live_count - stored.live_count)
    ) as failed_rows
from (
    select count(*) as row_count, count(*) filter (not is_deleted) as live_count
    from staging.stg_files__{table.name}
) as staged
cross join (
    select
        count(*) as row_count,
        count(*) filter (coalesce(_is_deleted, 'false') <> 'true') as live_count
    from raw_files.{table.name}
) as stored
"""
    for table in TABLES
)

EMPLOYED_REPS = """
with employed as (
    select rep_id, rep_name
    from marts.dim_reps
    where
        rep_id <> 'unassigned'
        and coalesce(valid_from, {as_of}) <= {as_of}
        and coalesce(valid_to, {as_of} + 1) > {as_of}
        and coalesce(hire_date, {as_of}) <= {as_of}
        and coalesce(end_date, {as_of}) >= {as_of}
        and role in (select role from config.scorecard_metrics)
),

missing as (
    select * from employed
    where rep_id not in (
        select rep_id from marts.scorecard_reps where period_type = 'month' and is_current
    )
)

select
    'employed reps' as subject,
    (select count(*) from missing) || ' of ' || count(*) || ' without a scorecard'
    || coalesce(
        ': ' || (
            select string_agg(rep_id, ', ' order by rep_id)
            from (select rep_id from missing order by rep_id limit 5)
        ),
        ''
    ) as observed,
    'a scorecard of the current month for each' as expected,
    (select count(*) from missing) as failed_rows
from employed
having count(*) > 0
"""

# near the as-of date the local day of a lead needs its rep's time zone: there it may be in or out
LEADS_SCORED = """
with raw_leads as (
    select trim(lead_id) as lead_id, substr(created_at, 1, 10) as created_day
    from raw_files.leads
    where coalesce(_is_deleted, 'false') <> 'true'
),

lost as (
    select lead_id from raw_leads
    where
        created_day < cast({as_of} as varchar)
        and lead_id not in (select lead_id from marts.lead_scores)
),

unknown as (
    select lead_id from marts.lead_scores
    where lead_id not in (select lead_id from raw_leads)
)

select
    'leads' as subject,
    (select count(*) from marts.lead_scores) || ' leads scored, '
    || (select count(distinct lead_id) from marts.lead_scores) || ' of them different, '
    || (select count(*) from lost) || ' lost, '
    || (select count(*) from unknown) || ' unknown' as observed,
    'every live lead once' as expected,
    (select count(*) from lost) + (select count(*) from unknown)
    + (select count(*) - count(distinct lead_id) from marts.lead_scores) as failed_rows
where exists (select 1 from raw_leads)
"""

LEAD_CALIBRATION = """
select
    'all leads checked' as subject,
    round(mean_predicted, 4) || ' promised of ' || leads || ' leads' as observed,
    'within ' || round(observed_low, 4) || ' to ' || round(observed_high, 4)
    || ', the 95 % interval of what happened' as expected,
    case when mean_predicted between observed_low and observed_high then 0 else 1 end
        as failed_rows
from marts.lead_score_calibration
where decile = 0 and leads > 0
"""

HISTORY_UNIQUE = """
with counted as (
    select
        as_of_date,
        count(*) as row_count,
        count(distinct hash(rep_id, metric_id, period_type)) as key_count,
        count(distinct release_id) as release_count
    from raw_published.scorecard_history
    group by 1
)

select
    cast(as_of_date as varchar) as subject,
    row_count || ' rows of ' || release_count || ' release(s)' as observed,
    key_count || ' rows of one release' as expected,
    row_count - key_count + release_count - 1 as failed_rows
from counted
"""

# the mart takes differences of running sums; here the days of each window of the latest day that
# was restated are added up
RESTATEMENTS = (
    """
with summed as (
    select
        shown.as_of_date,
        shown.rep_id,
        shown.metric_id,
        shown.period_type,
        any_value(shown.restated_actual) as shown_actual,
        case
            when any_value(dim_metrics.aggregation) in ('count', 'sum')
                then coalesce(sum(facts.numerator), 0)
            else sum(facts.numerator) / nullif(sum(facts.denominator), 0)
        end as summed_actual
    from marts.scorecard_restatements as shown
    inner join marts.dim_metrics
        on shown.metric_id = dim_metrics.metric_id
    left join facts
        on
            shown.rep_id = facts.rep_id
            and shown.metric_id = facts.metric_id
            and facts.date_day between shown.period_start and shown.as_of_date
    where shown.as_of_date = (select max(as_of_date) from marts.scorecard_restatements)
    group by 1, 2, 3, 4
),

compared as (
    select
        *,
        coalesce(
            abs(shown_actual - summed_actual) <= """
    + ROUNDING
    + """ * greatest(abs(summed_actual), 1),
            shown_actual is null and summed_actual is null
        ) as is_equal
    from summed
)

select
    metric_id as subject,
    coalesce(
        'rep ' || min(rep_id) filter (not is_equal) || ' as of '
        || arg_min(as_of_date, rep_id) filter (not is_equal),
        count(*) || ' figures agree'
    ) as observed,
    'the sum of the facts of those days' as expected,
    count(*) filter (not is_equal) as failed_rows
from compared
group by 1
"""
)
PROJECTIONS_ORDERED = f"""
with disordered as (
    select rep_id || ' ' || metric_id || ' ' || period_type as place
    from marts.scorecard_rep_metrics
    where
        projection_low > projection + {ROUNDING} * (1 + abs(projection))
        or projection > projection_high + {ROUNDING} * (1 + abs(projection))
        or goal_probability not between 0 and 1
        or isnan(goal_probability)
        or isnan(projection)
)

select
    'projections' as subject,
    (select count(*) from disordered) || ' of ' || count(*) || ' out of order'
    || coalesce(': ' || (select min(place) from disordered), '') as observed,
    'low <= projection <= high, chance from 0 to 1' as expected,
    (select count(*) from disordered) as failed_rows
from marts.scorecard_rep_metrics
where projection is not null
having count(*) > 0
"""

PROJECTIONS_HOLD = """
select
    'all closed periods replayed' as subject,
    round(coverage_ratio, 3) || ' of ' || forecasts || ' intervals held what came' as observed,
    '{min_projection_coverage:g} to {max_projection_coverage:g}, or within chance of 0.8'
        as expected,
    case
        when coverage_ratio between {min_projection_coverage} and {max_projection_coverage} then 0
        when outcomes < 30 or 0.8 between coverage_low and coverage_high then 0
        else 1
    end as failed_rows
from marts.projection_calibration
where slice = 'all'
"""

ATTAINMENT = """
with attainments as (
    select median(attainment) as attainment, count(attainment) as row_count
    from marts.scorecard_rep_metrics
    where period_type = 'last_4_weeks' and is_current
    having count(attainment) > 0
)

select
    'median attainment of the last four weeks' as subject,
    round(attainment, 3) || ' over ' || row_count || ' goals' as observed,
    '{min_median_attainment:g} to {max_median_attainment:g}' as expected,
    case
        when attainment between {min_median_attainment} and {max_median_attainment} then 0
        else 1
    end as failed_rows
from attainments
"""

# the sheet adds up its four weeks from the facts, the scorecard by period: two ways to one figure
DIAGNOSIS = f"""
with diagnoses as (
    select
        rep_id,
        metric_id,
        period_type,
        period_start,
        max(actual) as actual,
        max(gap) as gap,
        sum(contribution) as contributions,
        sum(is_main_cause::int) as main_causes
    from marts.scorecard_diagnosis
    group by all
)

select
    diagnoses.rep_id || ' ' || period_type || ' ' || period_start as subject,
    diagnoses.contributions || ' of ' || diagnoses.actual as observed,
    diagnoses.gap || ' of ' || coalesce(metrics.actual, diagnoses.actual) as expected,
    (
        abs(diagnoses.contributions - diagnoses.gap)
        > {ROUNDING} * greatest(1, abs(diagnoses.gap))
        or diagnoses.main_causes <> 1
        or abs(diagnoses.actual - coalesce(metrics.actual, diagnoses.actual))
        > {ROUNDING} * greatest(1, abs(diagnoses.actual))
    )::int as failed_rows
from diagnoses
left join marts.scorecard_rep_metrics as metrics
    using (rep_id, metric_id, period_type, period_start)
"""


SHEETS = f"""
with compared as (
    select
        sheets.rep_id,
        sheets.metric_id,
        sheets.actual as sheet_actual,
        metrics.actual as actual,
        abs(coalesce(sheets.actual, 0) - coalesce(metrics.actual, 0))
        > {ROUNDING} * greatest(1, abs(coalesce(metrics.actual, 0)))
        or (sheets.attainment is null) <> (metrics.attainment is null)
        or abs(sheets.attainment - metrics.attainment) > {ROUNDING} as differs
    from marts.scorecard_one_on_one_metrics as sheets
    inner join marts.scorecard_rep_metrics as metrics
        on
            sheets.rep_id = metrics.rep_id
            and sheets.metric_id = metrics.metric_id
            and metrics.period_type = 'last_4_weeks'
    where sheets.is_current
)

select
    rep_id || ' ' || metric_id as subject,
    coalesce(cast(sheet_actual as varchar), 'nothing') as observed,
    coalesce(cast(actual as varchar), 'nothing') as expected,
    coalesce(differs, false)::int as failed_rows
from compared
"""


def _spec(
    name: str, table: str, column: str | None, severity: Severity, description: str
) -> CheckSpec:
    return CheckSpec(name, "marts", "marts", table, column, severity, description)


def _not_empty(table: str) -> Check:
    return BuiltIn(
        _spec(
            f"gx_row_count_{table}",
            table,
            None,
            "error",
            f"{table} is not empty. If it is, look for the first model before it without rows.",
        ),
        "at least 1 row",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
    )


def _not_empty_if(table: str, reason_sql: str, absent: str) -> Check:
    """A table that may be empty when what it is made of is not there."""
    return Measured(
        _spec(
            f"gx_row_count_{table}",
            table,
            None,
            "error",
            f"{table} is not empty although there is something to put into it. If it is, look for "
            "the first model before it without rows.",
        ),
        "at least 1 row",
        f"""
        select
            '{table}' as subject,
            (select count(*) from marts.{table}) || ' rows' as observed,
            'at least 1 row' as expected,
            case when exists (select 1 from marts.{table}) then 0 else 1 end as failed_rows
        where exists ({reason_sql})
        """,
        absent=absent,
    )


def _facts_not_empty(kind: str) -> Check:
    return _not_empty_if(
        f"fct_{kind}_metrics_daily",
        f"""
        select 1 from config.metrics
        inner join config.event_rules
            on metrics.event_type = event_rules.event_type
        where
            metrics.metric_kind = '{kind}'
            and (
                (
                    event_rules.source_table = 'activities'
                    and exists (select 1 from counted_activities)
                )
                or (
                    event_rules.source_table = 'opportunities'
                    and exists (
                        select 1 from counted_deals
                        where counted_deals.outcome = lower(event_rules.outcome)
                    )
                )
            )
        """,
        f"no records for {kind} metrics in this source",
    )


def _same_as_of(table: str) -> Check:
    return BuiltIn(
        _spec(
            f"gx_as_of_date_{table}",
            table,
            "as_of_date",
            "error",
            f"All rows of {table} are as of the same day, the one of this refresh. If not, some "
            "models are from an earlier run: run `scorecard refresh --full`.",
        ),
        "the as-of date of this refresh",
        "ExpectColumnValuesToBeInSet",
        {"column": "as_of_date"},
        {"value_set": "as_of_days"},
    )


SUITE = Suite(
    "marts",
    "Marts: what will be published",
    (COUNTED_ACTIVITIES, COUNTED_DEALS, FACTS, CURRENT_DAYS, CURRENT_SUMS),
    (
        *(
            _not_empty(table)
            for table in (
                "dim_dates",
                "dim_reps",
                "dim_metrics",
                "dim_performance_levels",
                "dim_seasonal_adjustments",
                "scorecard_rep_metrics",
                "scorecard_reps",
                "scorecard_teams",
            )
        ),
        _not_empty_if(
            "dim_goals",
            "select 1 from config.goals union all select 1 from raw_files.goals"
            " where coalesce(_is_deleted, 'false') <> 'true'",
            "no goals in this company's policy",
        ),
        _not_empty_if(
            "fct_goals_daily",
            "select 1 from marts.dim_goals",
            "no goals in this company's policy",
        ),
        _facts_not_empty("leading"),
        _facts_not_empty("lagging"),
        *(
            _same_as_of(table)
            for table in ("scorecard_rep_metrics", "scorecard_reps", "scorecard_teams")
        ),
        BuiltIn(
            _spec(
                "gx_values_between_seasonal_index",
                "dim_seasonal_adjustments",
                "seasonal_index",
                "error",
                "Seasonal indices are plausible: a season halves or doubles, it does not multiply "
                "by ten. Look for months with hardly any records in the history.",
            ),
            "{min_seasonal_index:g} to {max_seasonal_index:g}",
            "ExpectColumnValuesToBeBetween",
            {"column": "seasonal_index"},
            {"min_value": "min_seasonal_index", "max_value": "max_seasonal_index"},
        ),
        Measured(
            _spec(
                "gx_staged_rows_match_raw",
                "scorecard_rep_metrics",
                None,
                "error",
                "Every loaded row is staged once, deleted or live. Together with "
                "gx_rows_match_loader_* this means: rows of the files = staged rows + "
                "quarantined rows.",
            ),
            "staged rows = loaded rows, table by table",
            STAGED_ROWS,
        ),
        Measured(
            _spec(
                "gx_events_reconcile_with_raw",
                "scorecard_rep_metrics",
                "actual",
                "error",
                "Each counted metric has as many events in the marts as there are live records in "
                "raw that match its rules, up to the as-of date. If not, a model drops or "
                "multiplies records; `scorecard refresh --full` rebuilds all months.",
            ),
            "events in the marts = matching records in raw",
            RAW_RECONCILIATION,
            absent="no counted metric on activities or deals in this company's policy",
        ),
        Measured(
            _spec(
                "gx_organisation_equals_sum_of_reps",
                "scorecard_teams",
                "actual",
                "error",
                "What the organisation did in each current period is what all reps did, the "
                "unassigned included.",
            ),
            "organisation = sum of the reps + unassigned",
            ORGANISATION,
        ),
        Measured(
            _spec(
                "gx_unassigned_reconciles",
                "scorecard_teams",
                "unassigned_actual",
                "error",
                "What the organisation shows as unassigned is what has no rep in the facts.",
            ),
            "unassigned = what has no rep",
            UNASSIGNED,
            absent="no additive metric on a scorecard",
        ),
        Measured(
            _spec(
                "gx_actuals_reconcile_with_facts",
                "scorecard_rep_metrics",
                "actual",
                "error",
                "Each rep's actual of a current period is the sum of that rep's facts.",
            ),
            "actual = sum of the rep's facts",
            REP_ACTUALS,
        ),
        Measured(
            _spec(
                "gx_organisation_value_reconciles",
                "scorecard_benchmarks",
                "organisation_value",
                "error",
                "What the organisation reaches per day of capacity, times the days of each rep, "
                "adds up to what all reps reached.",
            ),
            "sum of organisation_value = sum of the reps' actuals",
            BENCHMARKS,
            absent="no additive metric on a scorecard",
        ),
        Measured(
            _spec(
                "gx_peer_median_within_peers",
                "scorecard_benchmarks",
                "peer_median",
                "error",
                "The median of a rep's peers lies between the least and the most that any of them "
                "reached per day of capacity.",
            ),
            "least peer <= median <= most",
            PEER_MEDIANS,
            absent="nobody has enough peers",
        ),
        Measured(
            _spec(
                "gx_goals_conserved",
                "fct_goals_daily",
                "full_goal",
                "error",
                "A goal that must be met as a sum is spread over its period without loss: seasons "
                "and holidays move it between days and never change it.",
            ),
            "sum of full_goal over a whole period = goal",
            GOALS_CONSERVED,
            absent="no goal to be spread over a whole period in this company's policy",
        ),
        Measured(
            _spec(
                "gx_plausible_median_attainment",
                "scorecard_rep_metrics",
                "attainment",
                "error",
                "The typical rep is neither near nothing nor many times above goal over the last "
                "four weeks. If so, goals and counts are in different units, or the records of "
                "many reps are missing.",
            ),
            "{min_median_attainment:g} to {max_median_attainment:g}",
            ATTAINMENT,
            absent="no goal has begun in this company's policy",
        ),
        BuiltIn(
            _spec(
                "gx_values_between_conversion_probability",
                "lead_scores",
                "conversion_probability",
                "error",
                "The chance that a lead converts is never certain, either way.",
            ),
            "above 0 and below 1",
            "ExpectColumnValuesToBeBetween",
            {
                "column": "conversion_probability",
                "min_value": 0,
                "max_value": 1,
                "strict_min": True,
                "strict_max": True,
            },
        ),
        Measured(
            _spec(
                "gx_every_lead_scored_once",
                "lead_scores",
                "lead_id",
                "error",
                "Every lead of the source is scored, and once. A join loses or multiplies leads if "
                "not.",
            ),
            "every live lead once",
            LEADS_SCORED,
            absent="no leads in this source",
        ),
        Measured(
            _spec(
                "gx_lead_score_calibrated",
                "lead_score_calibration",
                "mean_predicted",
                "warn",
                "What the lead score promised of later leads is what happened to them, but for "
                "chance. If not, leads convert differently than they did: read the ranks, not the "
                "percentages, until the score has learnt it.",
            ),
            "mean chance within the 95 % interval of the share that converted",
            LEAD_CALIBRATION,
            absent="the lead score cannot be checked yet",
        ),
        Measured(
            _spec(
                "gx_projections_in_order",
                "scorecard_rep_metrics",
                "projection",
                "error",
                "Every projection lies in its interval and every chance between 0 and 1.",
            ),
            "low <= projection <= high, chance from 0 to 1",
            PROJECTIONS_ORDERED,
            absent="nothing is projected",
        ),
        Measured(
            _spec(
                "gx_projections_hold",
                "projection_calibration",
                "coverage_ratio",
                "warn",
                "The 80 % intervals of closed periods, foretold again with what was known then, "
                "held about four outcomes in five. If not, read the page on projections before "
                "you rely on one.",
            ),
            "{min_projection_coverage:g} to {max_projection_coverage:g}",
            PROJECTIONS_HOLD,
            absent="no closed period can be foretold yet",
        ),
        Measured(
            _spec(
                "gx_employed_reps_have_a_scorecard",
                "scorecard_reps",
                "rep_id",
                "error",
                "Every rep employed on the as-of date in a role with a scorecard is on it, with 0 "
                "if nothing was done.",
            ),
            "a scorecard of the current month for each",
            EMPLOYED_REPS,
            absent="no rep is employed in a role with a scorecard",
        ),
        Measured(
            _spec(
                "gx_history_says_each_day_once",
                "scorecard_restatements",
                None,
                "error",
                "What was published of an earlier day is what one release said, each figure once. "
                "If not, the published history was changed by hand.",
            ),
            "one release a day, one row per rep, metric and period type",
            HISTORY_UNIQUE,
            absent="nothing was published before this day",
        ),
        Measured(
            _spec(
                "gx_restatements_reconcile_with_facts",
                "scorecard_restatements",
                "restated_actual",
                "error",
                "What a restated figure would be today is the sum of the facts of its days. The "
                "latest day that was restated is looked at.",
            ),
            "restated actual = sum of the facts",
            RESTATEMENTS,
            absent="nothing was restated",
        ),
        Measured(
            _spec(
                "gx_contributions_sum_to_the_gap",
                "scorecard_diagnosis",
                "contribution",
                "error",
                "What the factors of a diagnosis contribute sums to the gap, one of them is the "
                "main cause, and the result is that of the scorecard.",
            ),
            "the gap and the scorecard's actual",
            DIAGNOSIS,
            absent="no result was missed in a funnel of this company's policy",
        ),
        Measured(
            _spec(
                "gx_sheets_reconcile_with_scorecards",
                "scorecard_one_on_one_metrics",
                "actual",
                "error",
                "The sheet of this week shows the figures of the scorecard of the last four weeks.",
            ),
            "actual and attainment of the last four weeks",
            SHEETS,
            absent="nobody has a scorecard this week",
        ),
    ),
)


def over_all_sources(suite: Suite, sources: Sequence[str]) -> Suite:
    """The suite, counting records of other sources beside those of the files.

    They are taken as dbt mapped them: what is compared is how they were counted.
    """
    tables = [table.name for table in TABLES if table.name in FROM_ANY_SOURCE]
    views = tuple(
        f"create or replace temp view source_{table} as select * from raw_files.{table}"
        + "".join(
            " union all by name select * rename (is_deleted as _is_deleted) from"
            f" (select cast(columns(*) as varchar) from intermediate.int_{source}__{table})"
            for source in sources
        )
        for table in tables
    )

    def widened(sql: str) -> str:
        for table in tables:
            read = rf"\braw_files\.{table}\b(\s+as\b)?"  # a query may call it by its table's name
            sql = re.sub(
                read,
                lambda found, name=table: f"source_{name}{found[1] or f' as {name}'}",  # type: ignore[misc]
                sql,
            )
        return sql

    return replace(
        suite,
        prepare=(*views, *(widened(sql) for sql in suite.prepare)),
        checks=tuple(
            replace(check, sql=widened(check.sql))
            if isinstance(check, Measured) and check.sql != STAGED_ROWS
            else check
            for check in suite.checks
        ),
    )
