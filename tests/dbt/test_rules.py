"""The examples of the rules, from raw records to the marts, and formulas that need real numbers."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.sources.reference import write_reference
from tests.dbt.conftest import AS_OF, Company

Rows = list[tuple[Any, ...]]


def test_every_node_of_the_project_builds_and_every_test_passes(
    outcomes: Mapping[str, str],
) -> None:
    assert not [said for said in outcomes.values() if said.startswith(("error", "fail", "skip"))]


def test_the_goals_of_a_month_with_leave_on_half_of_its_days_sum_to_half(built: Company) -> None:
    sql = """
        select sum(full_goal), sum(daily_goal), max(full_goal) from marts.fct_goals_daily
        where rep_id = 'leaver' and month_start_date = date '2026-06-01'
            and metric_id = 'demos_held'
    """
    assert built.rows(sql) == [(pytest.approx(22), pytest.approx(11), pytest.approx(1.0))]


def test_20_calls_a_day_in_a_slow_late_december_are_90(built: Company) -> None:
    sql = """
        select count(*) filter (working = 1), sum(daily_goal) from marts.fct_goals_daily
        where rep_id = 'caller' and metric_id = 'dials'
            and date_day between date '2026-12-21' and date '2026-12-31'
    """
    assert built.rows(sql) == [(9, pytest.approx(90))]


def test_a_yearly_goal_is_ramped_for_a_new_hire(built: Company) -> None:
    sql = """
        select count(*) filter (working = 1), count(*) filter (working = 1 and ramp = 0.5),
            sum(full_goal), sum(daily_goal)
        from marts.fct_goals_daily
        where rep_id = 'hire' and metric_id = 'revenue_won' and year(date_day) = 2026
    """
    expected = 120_000 * (0.5 * 129 + 132) / 261
    assert expected == pytest.approx(90_344.83, abs=0.005)
    assert built.rows(sql) == [(261, 129, pytest.approx(120_000), pytest.approx(expected))]


def test_a_rep_who_becomes_senior_has_the_other_goal_and_team_from_that_day(
    built: Company,
) -> None:
    sql = """
        select goal_id, team, min(date_day)::varchar, max(date_day)::varchar
        from marts.fct_goals_daily
        where rep_id = 'promoted' and metric_id = 'demos_held'
            and month_start_date = date '2026-06-01'
        group by all order by 3
    """
    assert built.rows(sql) == [
        ("demos", "North", "2026-06-01", "2026-06-15"),
        ("senior_demos", "South", "2026-06-16", "2026-06-30"),
    ]


def test_every_record_counts_for_someone(built: Company) -> None:
    # 15 May, 2026 is a Friday: three calls of the caller, one of a stranger, one of nobody
    sql = """
        select rep_id, value from marts.fct_leading_metrics_daily
        where metric_id = 'dials' and date_day = date '2026-05-15' order by 1
    """
    assert built.rows(sql) == [("caller", 3), ("unassigned", 2)]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("activities", "occurred_at"),
        ("opportunities", "created_at"),
        ("leads", "created_at"),
        ("opportunity_stage_changes", "changed_at"),
    ],
)
def test_offsets_are_known_from_the_year_before_the_oldest_record(
    company: Company, tmp_path: Path, table: str, column: str
) -> None:
    copied = company.copy(tmp_path)
    copied.execute(
        f"insert into raw_files.{table} ({column}, _is_deleted)"
        " values ('2009-07-01T02:00:00Z', 'false')"
    )
    write_reference(copied.settings, AS_OF)
    assert copied.rows("select min(utc_date) from raw_reference.time_zone_days") == [
        (dt.date(2008, 1, 1),)
    ]


def test_the_organisation_is_its_reps_and_the_unassigned(built: Company) -> None:
    sql = """
        select actual, unassigned_actual from marts.scorecard_teams
        where metric_id = 'revenue_won' and team_scope = 'organisation' and period_id = 'FY2026'
    """
    assert built.rows(sql) == [(pytest.approx(1000 + 500 * 1.12), pytest.approx(560))]


def test_days_weeks_months_quarters_and_years_have_the_same_sums(built: Company) -> None:
    sql = """
        select period_type, sum(goal_period), sum(actual) from marts.scorecard_rep_metrics
        where metric_id = 'dials' and rep_id = 'caller' and (
            period_type in ('month', 'quarter', 'year')
        ) and year(period_start) = 2026
        group by 1
    """
    days = built.rows(
        "select sum(daily_goal), (select sum(value) from marts.fct_leading_metrics_daily"
        " where metric_id = 'dials' and rep_id = 'caller') from marts.fct_goals_daily"
        " where metric_id = 'dials' and rep_id = 'caller' and year(date_day) = 2026"
    )[0]
    by_type = {row[0]: row[1:] for row in built.rows(sql)}
    assert set(by_type) == {"month", "quarter", "year"}
    assert all(sums == pytest.approx(days) for sums in by_type.values())


def test_months_add_up_for_every_rep_and_metric(built: Company) -> None:
    """Where each month of the rep has the metric: a role may lose one with a promotion."""
    sql = """
        with months as (
            select long.rep_id, long.metric_id, long.period_type, long.period_id, long.actual,
                count(distinct cards.period_id) as cards, count(short.period_id) as months,
                coalesce(sum(short.actual), 0) as total
            from marts.scorecard_rep_metrics as long
            left join marts.scorecard_reps as cards
                on cards.rep_id = long.rep_id and cards.period_type = 'month'
                and cards.period_start between long.period_start and long.period_end
            left join marts.scorecard_rep_metrics as short
                on short.rep_id = cards.rep_id and short.period_type = 'month'
                and short.period_id = cards.period_id and short.metric_id = long.metric_id
            where long.period_type in ('quarter', 'year') and long.aggregation in ('count', 'sum')
            group by all
        )
        select count(*) filter (abs(actual - total) > 1e-6), count(*) filter (actual > 0) > 0
        from months where cards = months
    """
    assert built.rows(sql) == [(0, True)]


@pytest.fixture(scope="module")
def statistics(built: Company) -> Mapping[str, str]:
    """The macros of evidence and chance as SQL over numbers."""
    sql = (
        "select {{ wilson_hilferty_z('(:actual + 1)', ':goal') }} as lower_tail,"
        " {{ wilson_hilferty_z(':actual', ':goal') }} as upper_tail,"
        " {{ normal_cdf(':actual') }} as chance,"
        " {{ lower_of(':actual', ':goal') }} as lower_of,"
        " {{ higher_of(':actual', ':goal') }} as higher_of,"
        " {{ gamma_quantile(':goal', ':actual', '0') }} as quantile,"
        " {{ attainment(':actual', ':goal', 'false') }} as attainment"
    )
    result = built.dbt("compile", "--inline", sql)
    code = result.result.results[0].node.compiled_code
    # one column per macro, whatever stands in it
    names = [
        "lower_tail", "upper_tail", "chance", "lower_of", "higher_of", "quantile", "attainment"
    ]  # fmt: skip
    parts = re.split(rf"\bas (?:{'|'.join(names)}),?", code.removeprefix("select"))
    return dict(zip(names, parts, strict=False))


def _value(sql: str, actual: float | str, goal: float) -> float | None:
    with duckdb.connect() as connection:
        text = sql.replace(":actual", f"{actual}::double").replace(":goal", f"{goal}::double")
        value: float | None = connection.execute(f"select {text}").fetchall()[0][0]
        return value


@pytest.mark.parametrize(
    ("tail", "goal", "actual", "z"),
    [
        ("lower_tail", 10, 7, -0.773),
        ("lower_tail", 10, 3, -2.310),
        ("lower_tail", 100, 79, -2.109),
        ("upper_tail", 100, 120, 1.907),
        ("upper_tail", 100, 121, 2.001),
    ],
)
def test_evidence_has_the_z_of_the_examples(
    statistics: Mapping[str, str], tail: str, goal: float, actual: float, z: float
) -> None:
    assert _value(statistics[tail], actual, goal) == pytest.approx(z, abs=0.0006)


@pytest.mark.parametrize(
    ("z", "chance"), [(0, 0.5), (1.96, 0.975), (-1.96, 0.025), (-9, 0.0), (9, 1.0)]
)
def test_the_normal_distribution_is_that_of_the_tables(
    statistics: Mapping[str, str], z: float, chance: float
) -> None:
    assert _value(statistics["chance"], z, 1) == pytest.approx(chance, abs=1e-5)


@pytest.mark.parametrize(
    "macro",
    ["lower_tail", "upper_tail", "chance", "lower_of", "higher_of", "quantile", "attainment"],
)
def test_what_is_not_known_stays_so(statistics: Mapping[str, str], macro: str) -> None:
    assert _value(statistics[macro], "null", 2) is None


def test_the_lower_and_the_higher_of_two_values(statistics: Mapping[str, str]) -> None:
    assert [_value(statistics["lower_of"], 3, 2), _value(statistics["lower_of"], 1, 2)] == [2, 1]
    assert [_value(statistics["higher_of"], 3, 2), _value(statistics["higher_of"], 1, 2)] == [3, 2]


SEASONS = {month: {12: 0.6, 7: 0.7}.get(month, 1.07) for month in range(1, 13)}
DAYS = """
    select
        day::date as date_day,
        date_trunc('month', day)::date as month_start_date,
        last_day(day::date) as month_end_date,
        month(day)::varchar || case when day(day) <= 15 then '-1' else '-2' end as slot_id,
        date_trunc('year', day)::date as year_start_date,
        (date_trunc('year', day) + interval 1 year - interval 1 day)::date as year_end_date,
        case when isodow(day) < 6 then 1 else 0 end as working
    from range(timestamp '2024-01-01', timestamp '2027-01-01', interval 1 day) as days (day)
"""


def _season_inputs() -> dict[str, str]:
    truth = " ".join(f"when {month} then {value}" for month, value in SEASONS.items())
    season = f"case month(date_day) {truth} end"
    return {
        "int_dates": DAYS,
        "int_calendar_days": f"select 'plain' as calendar, date_day, working from ({DAYS})",
        "int_settings": "select 'plain' as default_calendar",
        "int_rep_days": f"""
            select role || region as rep_id, role, region, date_day,
                working::double as capacity, 1::double as ramp
            from ({DAYS})
            cross join (values ('AE', 'emea'), ('AE', 'amer'), ('SDR', 'emea')) as r (role, region)
        """,
        "int_seasonal_scopes": """
            select * from (values
                ('dials', 'AE', 'emea'), ('dials', 'AE', 'amer'), ('dials', 'SDR', 'emea'),
                ('new', 'AE', 'emea')
            ) as scopes (metric_id, role, region)
        """,
        "int_manual_seasons__daily": "select '' as metric_id, '' as role, '' as region,"
        " date '2026-01-01' as date_day, 1.0::double as factor, '' as reason where false",
        "int_dispersions": """
            select metric_id, role, role = '' as is_organisation, 1::double as dispersion
            from (values ('dials'), ('new')) as m (metric_id)
            cross join (values ('AE'), ('SDR'), ('')) as r (role)
        """,
        # ten a day times the planted season; next to nothing in amer; a new metric since March
        "int_metrics__daily": f"""
            select 'dials' as metric_id, 'AEemea' as rep_id, date_day,
                10 * {season} as numerator, 10 * {season} as event_count
            from ({DAYS}) where working = 1 and date_day <= date '2026-12-31'
            union all
            select 'dials', 'AEamer', date_day, 0.01, 0.01 from ({DAYS}) where working = 1
            union all
            select 'new', 'AEemea', date_day, 50, 50
            from ({DAYS}) where working = 1 and date_day >= date '2026-03-01'
        """,
    }


def test_a_planted_season_comes_back(run_model: Callable[..., Rows]) -> None:
    found = run_model(
        "dim_seasonal_adjustments",
        "select slot_id, seasonal_index, index_scope from answer"
        " where metric_id = 'dials' and role = 'AE' and region = 'emea'",
        **_season_inputs(),
    )
    mean = sum(SEASONS.values()) / 12
    assert len(found) == 24
    assert {scope for _, _, scope in found} == {"role_region"}
    for slot_id, index, _ in found:
        assert index == pytest.approx(SEASONS[int(slot_id.split("-")[0])] / mean, abs=0.05)


def test_the_index_is_one_on_average_over_the_working_days_of_the_year(
    run_model: Callable[..., Rows],
) -> None:
    inputs = _season_inputs()
    rows = dict(
        run_model(
            "dim_seasonal_adjustments",
            "select slot_id, seasonal_index from answer where metric_id = 'dials'"
            " and role = 'AE' and region = 'emea'",
            **inputs,
        )
    )
    total = days = 0.0
    for month in range(1, 13):
        for day in range(1, calendar.monthrange(2026, month)[1] + 1):
            if calendar.weekday(2026, month, day) < 5:
                total += rows[f"{month}-{1 if day <= 15 else 2}"]
                days += 1
    assert total / days == pytest.approx(1.0)


def test_too_little_history_falls_back_and_ends_at_one(run_model: Callable[..., Rows]) -> None:
    found = run_model(
        "dim_seasonal_adjustments",
        "select metric_id, role, region, min(index_scope), count(distinct index_scope),"
        " min(seasonal_index) < 0.9 from answer group by 1, 2, 3 order by 1, 2, 3",
        **_season_inputs(),
    )
    assert found == [
        ("dials", "AE", "amer", "role", 1, True),
        ("dials", "AE", "emea", "role_region", 1, True),
        ("dials", "SDR", "emea", "organisation", 1, True),
        ("new", "AE", "emea", "none", 1, False),
    ]


def test_dispersion_is_at_least_one_and_known_by_hand(run_model: Callable[..., Rows]) -> None:
    # counts 0, 2, 0, 2 …: variance = mean; 4 on every fourth day: 3 x mean; constant: no scatter.
    # money of three deals: (1 + 4 + 9) x 10,000 / 600, taken from the organisation
    days = f"select * from ({DAYS}) where month_start_date = date '2026-11-01' and working = 1"
    number = "row_number() over (order by date_day)"
    found = run_model(
        "int_dispersions",
        "select metric_id, dispersion from answer where not is_organisation order by 1",
        int_dates=DAYS,
        int_rep_days=f"select 'r1' as rep_id, 'AE' as role, date_day, 1::double as capacity"
        f" from (select * from ({days}) order by date_day limit 20)",
        int_crm__reps="select 'r1' as rep_id, 'AE' as role",
        metrics="""
            select * from (values
                ('alternating', 'count'), ('bursts', 'count'), ('constant', 'count'),
                ('revenue', 'sum')
            ) as m (metric_id, aggregation)
        """,
        int_metrics__daily=f"""
            with days as (
                select date_day, {number} as n from ({days}) order by date_day limit 20
            ),
            counts as (
                select 'alternating' as metric_id, date_day, 2::double as numerator
                from days where n % 2 = 0
                union all
                select 'bursts', date_day, 4 from days where n % 4 = 0
                union all
                select 'constant', date_day, 1 from days
            )
            select 'r1' as rep_id, metric_id, date_day, numerator,
                numerator as event_count, null::double as sum_of_squares
            from counts
            union all
            select 'r1', 'revenue', date_day, n * 100, 1, n * n * 10000
            from days where n <= 3
        """,
    )
    assert dict(found) == {
        "alternating": pytest.approx(1 * 20 / 19),
        "bursts": pytest.approx(3 * 20 / 19),
        "constant": 1.0,
        "revenue": pytest.approx(140_000 / 600),
    }


RULED = ("scorecard_rep_metrics", "scorecard_reps", "scorecard_teams", "scorecard_benchmarks")


@pytest.fixture(scope="module")
def other_rules(built: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company with one more period type, and with nothing that could be proven."""
    there = built.copy(tmp_path_factory.mktemp("other_rules"))
    rules = there.settings.dbt_project_dir / "seeds/rules"
    with (rules / "period_types.csv").open("a") as file:
        file.write(
            "last_52_weeks,Last 52 weeks,52 weeks,Last 52 weeks,,rolling,364,,7,true,false\n"
        )
    constants = (rules / "constants.csv").read_text()
    (rules / "constants.csv").write_text(constants.replace("proven_z,1.96,", "proven_z,1000,"))
    outcomes = there.build(
        *("--resource-type", "seed", "--resource-type", "model"),
        *("--select", "period_types", "constants", "dim_period_types"),
        *(f"{seed}+,+{table}" for seed in ("period_types", "constants") for table in RULED),
    )
    assert {said.split()[0] for said in outcomes.values()} <= {"success", "OK", "CREATE", "INSERT"}
    return there


def test_a_period_type_is_one_row_of_a_seed(other_rules: Company) -> None:
    for table in RULED:
        rows = other_rules.rows(
            f"select distinct period_start, period_id from marts.{table}"
            " where period_type = 'last_52_weeks'"
        )
        assert rows == [(AS_OF - dt.timedelta(days=363), "last 52 weeks")], table
    # funnels and diagnoses are of the recent periods that are said to be diagnosed here
    assert other_rules.rows(
        "select age, is_diagnosed from intermediate.int_periods__aged"
        " where period_type = 'last_52_weeks'"
    ) == [(1, True)]
    assert other_rules.rows(
        "select current_name from marts.dim_period_types where period_type = 'last_52_weeks'"
    ) == [("Last 52 weeks",)]


@pytest.mark.parametrize("table", ["scorecard_rep_metrics", "scorecard_teams"])
def test_what_is_proven_is_one_constant(built: Company, other_rules: Company, table: str) -> None:
    proven = f"select count(*) > 0 from marts.{table} where evidence like 'proven%'"
    assert built.rows(proven) == [(True,)]
    assert other_rules.rows(proven) == [(False,)]
