"""The demo company: what was planted comes back from the files by plain SQL."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.demo.company import DemoTruth, generate
from orchestration.demo.defects import DEFECTS
from orchestration.policy.reading import read_policy
from orchestration.sources.canonical import TABLES
from orchestration.sources.reference import holiday_rows

TODAY = dt.date(2026, 11, 22)
FILES = [table.name for table in TABLES if table.name != "goals"]


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query in which each file is a view of its name."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for path in sorted(path for path in folder.iterdir() if path.stem in sql):
            reader = f"read_csv('{path}')"
            if path.suffix == ".parquet":
                reader = f"read_parquet('{path}')"
            connection.execute(f"create view {path.stem} as select * from {reader}")
        return connection.execute(sql).fetchall()


def text_rows(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """The rows of a CSV file as the text that they are."""
    with duckdb.connect() as connection:
        return connection.execute(
            f"select * from read_csv('{folder / table}.csv', all_varchar = true)"
        ).fetchall()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, generate(folder, today=TODAY)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    generate(folder, today=TODAY, reps=10, days=90)
    return folder


@pytest.fixture
def planted(tmp_path: Path, clean: Path, request: pytest.FixtureRequest) -> Path:
    """The clean files with one defect."""
    shutil.copytree(clean, tmp_path / "files")
    DEFECTS[request.param].plant(tmp_path / "files", TODAY)
    return tmp_path / "files"


LOCAL = """
    select
        a.*, r.role, r.tier, r.calendar, r.hire_date, r.end_date,
        (a.occurred_at at time zone r.time_zone)::date as local_date
    from (select * replace (occurred_at::timestamptz as occurred_at) from activities) as a
    asof join reps as r
        on a.rep_id = r.rep_id and a.occurred_at >= r.valid_from::timestamp at time zone r.time_zone
"""


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, today=TODAY, reps=10, days=90, seed=3)
    generate(tmp_path / "other", today=TODAY, reps=10, days=90, seed=4)
    for table in FILES:
        one, two, other = (
            (tmp_path / name / f"{table}.csv").read_bytes() for name in ("one", "two", "other")
        )
        assert one == two
        assert one != other


def test_files_have_the_canonical_columns(clean: Path) -> None:
    assert sorted(path.stem for path in clean.iterdir()) == sorted(FILES)
    for table in TABLES:
        if table.name != "goals":
            header = (clean / f"{table.name}.csv").read_text().splitlines()[0]
            assert header.replace('"', "").split(",") == [c.name for c in table.columns]


def test_ids_are_unique_and_references_resolve(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    for table, key in (
        ("activities", "activity_id"),
        ("opportunities", "opportunity_id"),
        ("leads", "lead_id"),
        ("accounts", "account_id"),
        ("reps", "rep_id || valid_from"),
        ("opportunity_splits", "opportunity_id || rep_id"),
        ("time_off", "rep_id || start_date"),
    ):
        rows = query(folder, f"select count(*), count(distinct {key}) from {table}")
        assert rows == [(truth.rows[table], truth.rows[table])]
    for table, column in (
        ("activities", "rep_id"),
        ("opportunities", "rep_id"),
        ("leads", "rep_id"),
        ("reps", "manager_id"),
        ("time_off", "rep_id"),
        ("opportunity_splits", "rep_id"),
    ):
        lost = f"select count(*) from {table} where {column} not in (select rep_id from reps)"
        assert query(folder, lost) == [(0,)]
    lost = """
        select count(*) from opportunities
        where lead_id is not null and lead_id not in (
            select lead_id from leads where leads.opportunity_id = opportunities.opportunity_id
        )
    """
    assert query(folder, lost) == [(0,)]


def test_people_are_those_of_a_real_company(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    rows = query(folder, "select distinct role, coalesce(tier, '') from reps order by all")
    assert rows == [
        ("AE", "junior"),
        ("AE", "senior"),
        ("AM", ""),
        ("Manager", ""),
        ("SDR", "junior"),
        ("SDR", "senior"),
    ]
    changed = query(
        folder,
        "select rep_id from reps group by 1 having count(distinct role) > 1 order by 1",
    )
    assert tuple(row[0] for row in changed) == truth.reps_by_cause["promoted"]
    left = query(folder, "select rep_id from reps where end_date is not null order by 1")
    assert tuple(row[0] for row in left) == truth.reps_by_cause["leaver"]
    assert query(
        folder,
        "select max(people) from (select count(*) as people from"
        " (select distinct rep_id, rep_name from reps) group by rep_name)",
    ) == [(1,)]


def test_nobody_works_when_they_are_not_there(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    free = {
        (name, day)
        for name, day, _ in holiday_rows(read_policy(Settings().seeds_dir), range(2024, 2027))
    } | {("us", dt.date(2026, 7, 6)), ("us", dt.date(2026, 11, 27))}
    worked = query(folder, f"select distinct calendar, local_date from ({LOCAL})")
    assert len(worked) > 1000
    assert not [pair for pair in worked if pair in free or pair[1].isoweekday() > 5]
    away = query(
        folder,
        f"select count(*) from ({LOCAL}) as a join time_off as t on a.rep_id = t.rep_id"
        " and a.local_date between t.start_date and t.end_date and t.fraction = 1",
    )
    assert away == [(0,)]
    not_employed = query(
        folder,
        f"select count(*) from ({LOCAL}) where local_date < hire_date or local_date > end_date",
    )
    assert not_employed == [(0,)]
    first, last = query(folder, f"select min(local_date), max(local_date) from ({LOCAL})")[0]
    assert truth.first_day <= first <= last <= TODAY


def test_some_work_falls_on_another_utc_day(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    crossing = query(
        folder, f"select count(*) from ({LOCAL}) where occurred_at::date <> local_date"
    )[0][0]
    assert crossing > truth.oddities["midnight"] / 3


def test_planted_oddities_are_counted(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    found = query(
        folder,
        """
        select
            count(*) filter (rep_id is null),
            count(*) filter (is_deleted),
            count(*) filter (created_at - occurred_at >= interval 9 days),
            count(*) filter (updated_at - created_at >= interval 29 days and not is_deleted)
        from activities
        """,
    )[0]
    assert found[0] == truth.oddities["unassigned"] > 100
    assert found[1] == truth.oddities["deleted"] > 100
    assert found[2] == truth.oddities["backdated"] > 100
    assert found[3] == truth.oddities["late"] > 100


def test_conversion_rates_come_back(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    slow = ", ".join(f"'{rep}'" for rep in truth.reps_by_cause["poor_connects"])
    rows = query(
        folder,
        f"""
        select role, avg((outcome = 'connected')::int) from ({LOCAL})
        where activity_type = 'call' and direction = 'outbound' and rep_id not in ({slow})
        group by 1
        """,
    )
    assert len(rows) == 3
    for role, rate in rows:
        planted = truth.conversion_rates[f"{role} dials -> connects"]
        assert rate == pytest.approx(planted, abs=0.01)
    talked = query(
        folder,
        "select avg((duration_seconds >= 120)::int) from activities"
        " where activity_type = 'call' and outcome = 'connected'",
    )[0][0]
    assert talked == pytest.approx(truth.conversion_rates["connects -> conversations"], abs=0.01)
    demos, deals = query(
        folder,
        f"select (select count(*) from ({LOCAL}) where role = 'AE' and activity_type = 'demo'"
        " and outcome = 'held'),"
        " (select count(*) from opportunities where opportunity_type = 'new_business')",
    )[0]
    planted = truth.conversion_rates["AE demos_held -> opportunities_created"]
    assert deals / demos == pytest.approx(planted, abs=0.03)
    won = query(
        folder,
        "select avg(is_won::int) from opportunities"
        " where is_closed and opportunity_type = 'expansion'",
    )[0][0]
    assert won == pytest.approx(truth.conversion_rates["AM deals_closed -> deals_won"], abs=0.05)


def test_the_ideal_customer_comes_back(demo: tuple[Path, DemoTruth]) -> None:
    """How many times likelier each value is among leads that converted, against the first one."""
    folder, truth = demo
    for attribute, odds in truth.lead_profile.items():
        shares = dict(
            query(
                folder,
                f"select {attribute}, count(*) filter (converted_at is not null)"
                " / count(*) filter (converted_at is null) from leads group by 1",
            )
        )
        plain = [share for value, share in shares.items() if value not in odds]
        level = sum(plain) / len(plain)
        for value, times in odds.items():
            assert shares[value] / level == pytest.approx(times, rel=0.35), value
    share = query(folder, "select avg((converted_at is not null)::int) from leads")[0][0]
    assert share == pytest.approx(1 / 9, abs=0.005)
    owners = query(
        folder,
        "select count(distinct reps.role) from leads join reps on leads.rep_id = reps.rep_id"
        " where converted_at is null and role in ('SDR', 'AE')",
    )
    assert owners == [(2,)]


def test_lag_from_demo_to_deal_comes_back(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    lag = query(
        folder,
        "select median(close_date - created_at::date) from opportunities where is_won",
    )[0][0]
    assert lag == pytest.approx(truth.lag_days["demos_held -> deals_won"], abs=2)


@pytest.mark.parametrize(
    ("metric", "event"),
    [
        ("dials", "activity_type = 'call' and direction = 'outbound'"),
        ("emails_sent", "activity_type = 'email'"),
    ],
)
def test_seasons_come_back(demo: tuple[Path, DemoTruth], metric: str, event: str) -> None:
    """Events per rep at work: settled full-time reps of one calendar, on days they did work."""
    folder, truth = demo
    rows = query(
        folder,
        f"""
        with days as (
            select rep_id, local_date, count(*) filter ({event}) as events
            from ({LOCAL})
            where role = 'SDR' and hire_date < date '{truth.first_day}' and end_date is null
            group by 1, 2
        )
        select
            month(local_date) || '-' || if(day(local_date) <= 15, 1, 2) as slot,
            avg(events) as pace, count(*) as exposure
        from days where local_date >= date '{truth.first_day}' + 90 group by 1
        """,
    )
    assert len(rows) == 24
    level = sum(pace * count for _, pace, count in rows) / sum(count for _, _, count in rows)
    for slot, pace, _ in rows:
        assert pace / level == pytest.approx(truth.seasons[metric][slot], abs=0.09), slot


def test_season_index_has_a_mean_of_about_one_and_a_deep_late_december(
    demo: tuple[Path, DemoTruth],
) -> None:
    for season in demo[1].seasons.values():
        assert len(season) == 24
        assert sum(season.values()) / 24 == pytest.approx(1, abs=0.02)
        assert min(season, key=lambda slot: season[slot]) == "12-2"
        assert max(season, key=lambda slot: season[slot]).startswith("1-")


def test_budget_year_end_closes_more_deals(demo: tuple[Path, DemoTruth]) -> None:
    january, february = query(
        demo[0],
        "select count(*) filter (month(close_date) = 1), count(*) filter (month(close_date) = 2)"
        " from opportunities where is_closed",
    )[0]
    assert january > 1.3 * february


def test_planted_people_stand_out(demo: tuple[Path, DemoTruth]) -> None:
    folder, truth = demo
    pace = dict(
        query(
            folder,
            "select rep_id, count(*) / count(distinct occurred_at::date) from activities"
            " where activity_type = 'call' and direction = 'outbound'"
            " and rep_id in (select rep_id from reps where role = 'SDR' and fte = 1) group by 1",
        )
    )
    usual = sorted(pace.values())[len(pace) // 2]
    assert all(pace[rep] < 0.8 * usual for rep in truth.reps_by_cause["few_calls"])
    stars = [rep for rep in truth.reps_by_cause["star"] if rep in pace]
    assert stars
    assert all(pace[rep] > 1.15 * usual for rep in stars)
    sizes = dict(
        query(
            folder,
            "select rep_id, avg(amount) from opportunities where rep_id is not null group by 1",
        )
    )
    small = [sizes[rep] for rep in truth.reps_by_cause["small_deals"]]
    assert max(small) < 0.75 * sum(sizes.values()) / len(sizes)


def test_shares_of_a_deal_sum_to_one(demo: tuple[Path, DemoTruth]) -> None:
    sums = query(
        demo[0],
        "select count(*), min(total), max(total) from"
        " (select sum(split_ratio) as total from opportunity_splits group by opportunity_id)",
    )
    assert sums == [(demo[1].oddities["split_deals"], 1.0, 1.0)]


def test_deals_are_in_three_currencies_and_close_after_they_open(
    demo: tuple[Path, DemoTruth],
) -> None:
    folder = demo[0]
    assert query(folder, "select distinct currency from opportunities order by 1") == [
        ("EUR",),
        ("GBP",),
        ("USD",),
    ]
    wrong = "close_date <= created_at::date or (is_closed and close_date > date '2026-11-22')"
    assert query(folder, f"select count(*) from opportunities where {wrong}") == [(0,)]
    assert query(folder, "select count(*) from opportunities where is_won and not is_closed") == [
        (0,)
    ]


def test_parquet_holds_the_same_activities(tmp_path: Path, clean: Path) -> None:
    generate(tmp_path, today=TODAY, reps=10, days=90, file_format="parquet")
    assert not (tmp_path / "activities.csv").exists()
    everything = "select * replace (occurred_at::timestamp as occurred_at,"
    everything += " created_at::timestamp as created_at, updated_at::timestamp as updated_at,"
    everything += " duration_seconds::double as duration_seconds, null as lead_id,"
    everything += " null as opportunity_id) from activities order by activity_id"
    assert query(tmp_path, everything) == query(clean, everything)


@pytest.mark.parametrize("wanted", [20_000, 200_000])
def test_volume_can_be_asked_for(tmp_path: Path, wanted: int) -> None:
    truth = generate(tmp_path, today=TODAY, activities=wanted)
    assert truth.rows["activities"] == pytest.approx(wanted, rel=0.2)


def test_too_small_a_company_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 8 reps and 30 days"):
        generate(tmp_path, today=TODAY, reps=3)


def test_unknown_defect_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'typo'.*broken_capture.*wrong_type"):
        generate(tmp_path / "files", today=TODAY, defects=frozenset({"typo"}))
    assert not (tmp_path / "files").exists()


DEFECT_COUNTS = {
    "duplicate_activity_id": (
        "select count(*) - count(distinct activity_id) from activities",
        1,
    ),
    "unknown_rep": (
        "select count(*) from activities where rep_id not in (select rep_id from reps)",
        5,
    ),
    "overlapping_splits": (
        "select count(*) from (select 1 from opportunity_splits group by opportunity_id"
        " having abs(sum(split_ratio) - 1) > 0.001)",
        1,
    ),
    "missing_exchange_rate": (
        "select count(*) from opportunities where currency = 'XTS' and is_won",
        1,
    ),
    "future_dates": (
        "select count(*) from activities where occurred_at::date > date '2027-11-20'",
        5,
    ),
    "implausible_amount": ("select count(*) from opportunities where amount > 2000000", 1),
    "negative_amount": ("select count(*) from opportunities where amount < 0", 1),
}


@pytest.mark.parametrize(
    ("planted", "defect"), [(name, name) for name in DEFECT_COUNTS], indirect=["planted"]
)
def test_defect_plants_what_it_says(planted: Path, clean: Path, defect: str) -> None:
    sql, count = DEFECT_COUNTS[defect]
    assert query(clean, sql) == [(0,)]
    assert query(planted, sql) == [(count,)]


def test_generate_plants_defects_by_name(tmp_path: Path) -> None:
    names = frozenset({"negative_amount", "future_dates", "deleted_all"})
    generate(tmp_path, today=TODAY, reps=8, days=90, defects=names, file_format="parquet")
    assert query(tmp_path, DEFECT_COUNTS["negative_amount"][0]) == [(1,)]
    assert query(tmp_path, DEFECT_COUNTS["future_dates"][0]) == [(5,)]
    assert query(tmp_path, "select bool_and(is_deleted) from activities") == [(True,)]


@pytest.mark.parametrize("planted", ["missing_column"], indirect=True)
def test_missing_column(planted: Path) -> None:
    header = (planted / "activities.csv").read_text().splitlines()[0]
    assert "occurred_at" not in header
    assert "outcome" in header


@pytest.mark.parametrize("planted", ["wrong_type"], indirect=True)
def test_wrong_type(planted: Path, clean: Path) -> None:
    different = [
        (was, now)
        for was, now in zip(
            text_rows(clean, "activities"), text_rows(planted, "activities"), strict=True
        )
        if was != now
    ]
    assert [now[5] for _, now in different] == ["yesterday"]


@pytest.mark.parametrize("planted", ["volume_drop"], indirect=True)
def test_volume_drop(planted: Path, clean: Path) -> None:
    sql = "select count(*) from activities where occurred_at::date >= date '2026-11-20'"
    before, after = query(clean, sql)[0][0], query(planted, sql)[0][0]
    assert 0 < after < before / 20


@pytest.mark.parametrize("planted", ["stale_data"], indirect=True)
def test_stale_data(planted: Path, clean: Path) -> None:
    latest = "select max(occurred_at)::date from activities"
    assert query(clean, latest)[0][0] >= dt.date(2026, 11, 20)
    assert query(planted, latest)[0][0] == dt.date(2026, 11, 12)


@pytest.mark.parametrize("planted", ["broken_capture"], indirect=True)
def test_broken_capture(planted: Path, clean: Path) -> None:
    sql = (
        "select distinct rep_id from activities"
        " where occurred_at::date > date '2026-11-01' and rep_id is not null order by 1"
    )
    silent = set(query(clean, sql)) - set(query(planted, sql))
    assert len(silent) == 1


@pytest.mark.parametrize("planted", ["capture_outage_team"], indirect=True)
def test_capture_outage_team(planted: Path, clean: Path) -> None:
    sql = (
        "select distinct activities.rep_id, reps.team from activities join reps using (rep_id)"
        " where occurred_at::date > date '2026-11-14'"
    )
    silent = set(query(clean, sql)) - set(query(planted, sql))
    assert {team for _, team in silent} == {"SDR EMEA"}
    assert "SDR EMEA" not in {team for _, team in query(planted, sql)}


@pytest.mark.parametrize("planted", ["three_second_calls"], indirect=True)
def test_three_second_calls(planted: Path) -> None:
    sql = (
        "select rep_id from activities where activity_type = 'call' and duration_seconds = 3"
        " and occurred_at::date > date '2026-10-26' and rep_id is not null"
        " group by 1 having count(*) > 50"
    )
    assert query(planted, sql) == [("rep_0001",)]


@pytest.mark.parametrize("planted", ["bulk_logging"], indirect=True)
def test_bulk_logging(planted: Path) -> None:
    sql = "select distinct rep_id from activities group by rep_id, created_at having count(*) >= 10"
    assert query(planted, sql) == [("rep_0001",)]


@pytest.mark.parametrize("planted", ["backdated_activities"], indirect=True)
def test_backdated_activities(planted: Path) -> None:
    sql = (
        "select rep_id from activities where created_at = occurred_at + interval 9 days"
        " group by 1 having count(*) > 50"
    )
    assert len(query(planted, sql)) == 1


@pytest.mark.parametrize("planted", ["deleted_all"], indirect=True)
def test_deleted_all(planted: Path, clean: Path) -> None:
    sql = "select count(*), count(*) filter (is_deleted) from activities"
    total = query(clean, sql)[0][0]
    assert query(planted, sql) == [(total, total)]


@pytest.mark.parametrize("planted", ["empty_folder"], indirect=True)
def test_empty_folder(planted: Path) -> None:
    assert list(planted.iterdir()) == []


def test_every_defect_is_tested_and_described() -> None:
    own = {
        "missing_column",
        "wrong_type",
        "volume_drop",
        "stale_data",
        "broken_capture",
        "capture_outage_team",
        "three_second_calls",
        "bulk_logging",
        "backdated_activities",
        "deleted_all",
        "empty_folder",
    }
    assert set(DEFECTS) == set(DEFECT_COUNTS) | own
    assert all(defect.description for defect in DEFECTS.values())
