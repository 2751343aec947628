"""A small warehouse in plain SQL: two reps, one activity without a rep a day, a deal a day."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import Settings
from orchestration.policy.declared import policy_seeds
from orchestration.sources.canonical import META_COLUMNS, TABLES

AS_OF = dt.date(2026, 6, 26)  # a Friday
# what records are compared with: the same rules as in the tables of the warehouse below
POLICY = {
    "metrics": [
        "metric_id,event_type",
        "dials,dial",
        "conversations,conversation",
        "talk_rate,",
        "deals_won,deal_won",
        "deals_opened,deal_opened",
    ],
    "event_rules": [
        "event_type,source_table,activity_type,direction,outcome,min_duration_seconds",
        "dial,activities,call,outbound,,",
        "conversation,activities,call,,connected,120",
        "deal_won,opportunities,,,won,",
        "deal_opened,opportunities,,,created,",
    ],
    "scorecard_metrics": ["role,metric_id", "SDR,dials", "SDR,deals_won"],
    "goals": [
        "goal_id,scope,scope_value,metric_id,valid_from,valid_to",
        "g1,role,SDR,dials,,",
        "g2,rep,r2,deals_won,2026-01-01,2027-01-01",
    ],
    "exchange_rates": ["currency,valid_from,rate", "USD,1900-01-01,1", "EUR,2026-05-20,1.1"],
}
RAW_SQL = """
insert into raw_files.reps by name
select
    'r' || i as rep_id, 'Rep ' || i as rep_name, 'us' as calendar, 'SDR' as role,
    case i when 1 then 'America/Los_Angeles' else 'Europe/Berlin' end as time_zone,
    '2025-01-01' as hire_date
from range(1, 3) as numbers(i);

-- 12 calls a weekday by each rep and one without a rep; the third part of them conversations
insert into raw_files.activities by name
select
    'a' || strftime(day, '%m%d') || '_' || i as activity_id,
    case when i = 24 then null else 'r' || (1 + i % 2) end as rep_id,
    'Call' as activity_type, 'outbound' as direction,
    case when i % 3 = 0 then 'connected' end as outcome,
    strftime(day, '%Y-%m-%d') || 'T18:' || lpad(cast(i as varchar), 2, '0') || ':00Z'
        as occurred_at,
    cast(60 + 30 * (i % 3 = 0)::int * 4 as varchar) as duration_seconds
from range(date '2026-04-06', date '2026-06-27', interval 1 day) as days(day)
cross join range(0, 25) as numbers(i)
where isodow(day) <= 5;

-- a deal opened every day from 5 May, won after a week
insert into raw_files.opportunities by name
select
    'o' || i as opportunity_id,
    case when i = 0 then null else 'r' || (1 + i % 2) end as rep_id,
    cast(1000 + i as varchar) as amount, 'USD' as currency,
    strftime(date '2026-05-05' + cast(i as integer), '%Y-%m-%d') || 'T12:00:00Z' as created_at,
    strftime(date '2026-05-12' + cast(i as integer), '%Y-%m-%d') as close_date,
    case when i <= 45 then 'true' else 'false' end as is_closed,
    case when i <= 45 then 'true' else 'false' end as is_won
from range(0, 50) as numbers(i);

insert into raw_files.accounts by name select 'acme' as account_id;
insert into raw_files.opportunity_stage_changes by name
select 'o1' as opportunity_id, unnest(['Lead', 'Demo']) as from_stage,
    unnest(['Demo', 'Offer']) as to_stage,
    unnest(['2026-05-07T09:00:00Z', '2026-05-09T09:00:00Z']) as changed_at;

-- ten leads, one of them of the as-of date
insert into raw_files.leads by name
select
    'l' || i as lead_id, 'r1' as rep_id,
    strftime(date '2026-06-17' + cast(i as integer), '%Y-%m-%d') || 'T12:00:00Z' as created_at
from range(0, 10) as numbers(i);
"""
MARTS_SQL = """
create schema config;
create table config.metrics as
select * from (
    values
    ('dials', 'leading', 'count', 'dial', null, null),
    ('conversations', 'leading', 'count', 'conversation', null, null),
    ('talk_rate', 'leading', 'ratio', null, 'conversations', 'dials'),
    ('deals_won', 'lagging', 'count', 'deal_won', null, null),
    ('deals_opened', 'lagging', 'count', 'deal_opened', null, null)
) as metrics(
    metric_id, metric_kind, aggregation, event_type, numerator_metric_id, denominator_metric_id
);
create table config.event_rules as
select * from (
    values
    ('dial', 'activities', 'call', 'outbound', null, null),
    ('conversation', 'activities', 'call', null, 'connected', 120),
    ('deal_won', 'opportunities', null, null, 'won', null),
    ('deal_opened', 'opportunities', null, null, 'created', null)
) as rules(event_type, source_table, activity_type, direction, outcome, min_duration_seconds);
create table config.scorecard_metrics as
select 'SDR' as role, metric_id from config.metrics;
create table config.goals as select 'g1' as goal_id;

create schema marts;
create table marts.dim_dates as
select
    cast(day as date) as date_day,
    cast(date_trunc('week', day) as date) as week_start_date,
    cast(date_trunc('week', day) as date) + 6 as week_end_date,
    cast(date_trunc('month', day) as date) as month_start_date,
    last_day(day) as month_end_date,
    cast(date_trunc('quarter', day) as date) as quarter_start_date,
    cast(date_trunc('quarter', day) + interval 3 month as date) - 1 as quarter_end_date,
    cast(date_trunc('year', day) as date) as year_start_date,
    cast(date_trunc('year', day) + interval 1 year as date) - 1 as year_end_date
from range(date '2026-01-01', date '2027-01-01', interval 1 day) as days(day);
create table marts.dim_metrics as select metric_id, aggregation from config.metrics;
create table marts.dim_performance_levels as select 'on_track' as level;
create table marts.dim_seasonal_adjustments as
select metric_id, 1.1::double as seasonal_index from config.metrics;
create table marts.dim_goals as
select 'g1' as goal_id, 'dials' as metric_id, 'month' as period, 260::double as goal,
    'redistribute' as timing;
create table marts.dim_reps as
select
    rep_id, rep_name, role, cast(hire_date as date) as hire_date, null::date as end_date,
    null::date as valid_from, null::date as valid_to
from raw_files.reps
union all
select 'unassigned', 'Unassigned', '', null, null, null, null;

-- 260 dials a month, in equal parts on its weekdays
create table marts.fct_goals_daily as
select
    rep_id, 'dials' as metric_id, date_day, 'g1' as goal_id, 260::double as goal,
    (isodow(date_day) <= 5)::int as working,
    260::double * (isodow(date_day) <= 5)::int
    / sum((isodow(date_day) <= 5)::int) over (partition by rep_id, month_start_date) as full_goal
from marts.dim_dates
cross join (select rep_id from raw_files.reps);

create table marts.fct_leading_metrics_daily as
with activities as (
    select
        coalesce(rep_id, 'unassigned') as rep_id,
        cast(substr(occurred_at, 1, 10) as date) as date_day,
        outcome = 'connected' as is_conversation
    from raw_files.activities
)
select rep_id, 'dials' as metric_id, date_day, count(*)::double as value,
    count(*)::double as numerator, null::double as denominator
from activities group by all
union all
select rep_id, 'conversations', date_day, count(*), count(*), null
from activities where is_conversation group by all
union all
select rep_id, 'talk_rate', date_day, count(*) filter (is_conversation) / count(*),
    count(*) filter (is_conversation), count(*)
from activities group by all;
create table marts.fct_lagging_metrics_daily as
select coalesce(rep_id, 'unassigned') as rep_id, 'deals_won' as metric_id,
    cast(close_date as date) as date_day, count(*)::double as value,
    count(*)::double as numerator, null::double as denominator
from raw_files.opportunities where is_won = 'true' group by all
union all
select coalesce(rep_id, 'unassigned'), 'deals_opened', cast(substr(created_at, 1, 10) as date),
    count(*), count(*), null
from raw_files.opportunities group by all;

create table marts.record_accounting as
select 'activities' as source_table, null::varchar as event_type, count(*) as raw_count,
    count(*) as counted_count, 0::bigint as excluded_count
from raw_files.activities
union all
select 'opportunities', 'deal_won', 5, 4, 1;

create table marts.scorecard_rep_metrics as
with facts as (
    from marts.fct_leading_metrics_daily union all from marts.fct_lagging_metrics_daily
),
periods as (
    select * from (
        values
        ('month', '2026-06', date '2026-06-01', date '2026-06-30', true),
        ('last_4_weeks', 'last 4 weeks', date '2026-05-30', date '2026-06-26', true)
    ) as periods(period_type, period_id, period_start, period_end, is_current)
)
select
    date '2026-06-26' as as_of_date, reps.rep_id, metrics.metric_id, metrics.aggregation,
    periods.*,
    case
        when any_value(aggregation) = 'ratio' then sum(numerator) / nullif(sum(denominator), 0)
        else coalesce(sum(value), 0)
    end as actual,
    sum(numerator) as numerator, sum(denominator) as denominator,
    case when metrics.metric_id = 'dials' then 1.1::double end as attainment,
    case when metrics.metric_id = 'dials' then 'not_proven' end as evidence,
    30::double as projection, 20::double as projection_low, 40::double as projection_high,
    0.5::double as goal_probability
from (select rep_id from marts.dim_reps) as reps
cross join marts.dim_metrics as metrics
cross join periods
left join facts
    on facts.rep_id = reps.rep_id and facts.metric_id = metrics.metric_id
    and facts.date_day between period_start and period_end
group by all;
alter table marts.scorecard_rep_metrics add column judged_actual double;
update marts.scorecard_rep_metrics set judged_actual = actual;
create table marts.scorecard_teams as
select
    as_of_date, 'organisation' as team_scope, 'All teams' as team, metric_id, aggregation,
    period_type, period_id, period_start, period_end, is_current,
    case
        when any_value(aggregation) = 'ratio' then sum(numerator) / nullif(sum(denominator), 0)
        else sum(actual)
    end as actual,
    sum(numerator) as numerator, sum(denominator) as denominator,
    case
        when any_value(aggregation) <> 'ratio' then sum(actual) filter (rep_id = 'unassigned')
    end as unassigned_actual
from marts.scorecard_rep_metrics
group by all;
delete from marts.scorecard_rep_metrics where rep_id = 'unassigned';
-- r1 and r2 worked 10 days each; of two reps the median is the mean
create table marts.scorecard_benchmarks as
select
    rep_id, metric_id, aggregation, period_type, period_id, period_start, judged_actual,
    'SDR' as role, 10::double as judged_capacity_days, 'role' as peer_scope,
    avg(actual) over (partition by metric_id, period_type) as organisation_value,
    avg(actual) over (partition by metric_id, period_type) as peer_median
from marts.scorecard_rep_metrics;
create table marts.scorecard_one_on_one_metrics as
select rep_id, metric_id, actual, attainment, is_current from marts.scorecard_rep_metrics
where period_type = 'last_4_weeks';
create schema raw_published;
create table raw_published.scorecard_history as
select
    'release ' || day as release_id, cast(day as date) as as_of_date, rep_id, metric_id,
    period_type, 1::double as actual
from marts.scorecard_rep_metrics
cross join range(date '2026-06-24', date '2026-06-26', interval 1 day) as days(day)
where period_type = 'month';
create table marts.scorecard_restatements as
select
    date '2026-06-25' as as_of_date, rep_id, metric_id, 'month' as period_type,
    date '2026-06-01' as period_start,
    case
        when metric_id = 'talk_rate' then sum(numerator) / sum(denominator)
        else sum(numerator)
    end as restated_actual
from marts.fct_leading_metrics_daily
where date_day between date '2026-06-01' and date '2026-06-25'
group by rep_id, metric_id;
create table marts.scorecard_diagnosis as
select
    rep_id, metric_id, period_type, period_start, actual, -3::double as gap,
    factor::double - 3 as contribution, factor = 1 as is_main_cause
from marts.scorecard_rep_metrics
cross join (values (1), (2)) as factors(factor)
where metric_id = 'deals_won' and period_type = 'month';
create table marts.scorecard_reps as
select distinct as_of_date, rep_id, period_type, period_id, period_start, is_current
from marts.scorecard_rep_metrics;
create table marts.lead_scores as
select lead_id, 0.1::double as conversion_probability from raw_files.leads;
create table marts.projection_calibration as
select 'all' as slice, 0.81::double as coverage_ratio, 0.79::double as coverage_low,
    0.83::double as coverage_high, 900 as forecasts, 300::double as outcomes;
create table marts.lead_score_calibration as
select
    0 as decile, 40 as leads, 0.1::double as mean_predicted,
    0.05::double as observed_low, 0.2::double as observed_high;
create table marts.goal_quality as
select
    'goal' as subject, 'g1' as goal_id, 'SDR' as role, '' as tier, 'some' as verdict,
    '1 of 2 reps reach it.' as sentence;
create schema staging;
"""


def create_warehouse(path: Path, *, activities: bool = True) -> None:
    """Write the small warehouse; without activities it is like a source that only has deals."""
    columns = {
        table.name: [*(column.name for column in table.columns), *META_COLUMNS] for table in TABLES
    }
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw_files; create schema raw_reference")
        for table, names in columns.items():
            typed = ", ".join(f"{name} varchar" for name in names)
            connection.execute(f"create table raw_files.{table} ({typed})")
        connection.execute(RAW_SQL)
        if not activities:
            connection.execute("delete from raw_files.activities")
        connection.execute(
            "create table raw_reference.holidays as"
            " select 'us' as calendar, date '2026-05-25' as holiday_date"
        )
        connection.execute(
            "create table raw_files._loads(table_name varchar, loaded_at timestamp,"
            " rows_in_file bigint, rows_quarantined bigint)"
        )
        for table in columns:
            connection.execute(
                f"update raw_files.{table} set _is_deleted = 'false',"
                " _extracted_at = '2026-06-27T07:30:00Z'"
            )
            connection.execute(
                "insert into raw_files._loads"
                f" select '{table}', timestamp '2026-06-27 07:30:00', count(*) + 2, 2"
                f" from raw_files.{table}"
            )
        connection.execute(MARTS_SQL)
        for table in columns:
            connection.execute(
                f"create view staging.stg_files__{table} as"
                " select * replace (_is_deleted = 'true' as is_deleted)"
                f" from (select *, {'' if 'is_deleted' in columns[table] else 'null as is_deleted'}"
                f" from raw_files.{table})"
            )


@pytest.fixture(scope="session")
def clean_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small warehouse without any defect. Copy it, do not change it."""
    path = tmp_path_factory.mktemp("quality") / "clean.duckdb"
    create_warehouse(path)
    return path


@pytest.fixture
def settings(tmp_path: Path, clean_warehouse: Path) -> Settings:
    """Settings of a company with the clean warehouse and hardly any policy."""
    settings = replace(
        Settings(), data_dir=tmp_path / "data", dbt_project_dir=tmp_path / "dbt_project"
    )
    settings.seeds_dir.mkdir(parents=True)
    write_company_settings(settings)
    (settings.seeds_dir / "custom_holidays.csv").write_text("calendar,holiday_date,holiday_name\n")
    write_calendar(settings)
    for seed, rows in POLICY.items():
        write_seed(settings, seed, rows)
    settings.company_dir.mkdir(parents=True)
    shutil.copy(clean_warehouse, settings.warehouse_path)
    return settings


def write_company_settings(settings: Settings, **more: object) -> None:
    """Write `company_settings.csv` with the settings that the checks read."""
    rows = {"company_time_zone": "America/Los_Angeles", "default_calendar": "us", **more}
    (settings.seeds_dir / "company_settings.csv").write_text(
        "setting,value\n" + "".join(f"{name},{value}\n" for name, value in rows.items())
    )


def write_seed(settings: Settings, name: str, rows: list[str]) -> None:
    """Write a policy file of the columns named in the first row, the others empty."""
    (seed,) = (seed for seed in policy_seeds() if seed.name == name)
    names = rows[0].split(",")
    lines = [seed.header]
    for row in rows[1:]:
        cells = dict(zip(names, row.split(","), strict=True))
        lines.append(",".join(cells.get(column.name, "") for column in seed.columns))
    (settings.seeds_dir / f"{name}.csv").write_text("\n".join([*lines, ""]))


def write_calendar(settings: Settings, working_weekdays: str = "1111100") -> None:
    """Write `calendars.csv` with the one calendar of the reps."""
    (settings.seeds_dir / "calendars.csv").write_text(
        f"calendar,country,subdivision,working_weekdays\nus,US,,{working_weekdays}\n"
    )


@pytest.fixture
def plant(settings: Settings) -> Callable[[str], None]:
    """Change the warehouse with SQL."""

    def run(sql: str) -> None:
        with duckdb.connect(str(settings.warehouse_path)) as connection:
            connection.execute(sql)

    return run
