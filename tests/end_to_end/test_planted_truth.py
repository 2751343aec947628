"""What the demo plants is what the diagnosis names and what the planner plans with."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration import cli
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.demo.company import DemoTruth, generate
from orchestration.releases.audiences import Company
from orchestration.releases.release import current_release
from orchestration.site.data import write_audiences

TODAY = dt.date(2026, 11, 23)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, DemoTruth]]:
    """A published demo company with sixteen reps and enough history for a year's funnel."""
    settings = replace(Settings(), data_dir=tmp_path_factory.mktemp("data"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCORECARD_COMPANY", "demo")
        patch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
        patch.delenv("SCORECARD_AS_OF_DATE", raising=False)
        truth = generate(settings.files_dir, today=TODAY, reps=16, days=500)
        assert cli.run(["refresh", "--no-reports", "--as-of", TODAY.isoformat()]) == 0
        yield settings, truth


@pytest.fixture
def marts(demo: tuple[Settings, DemoTruth]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published tables."""
    release = current_release(demo[0])
    assert release is not None
    with duckdb.connect(str(release.database), read_only=True) as connection:
        connection.execute("set search_path = 'marts'")
        yield connection


@pytest.mark.parametrize(
    ("cause", "factor_id"),
    [
        ("few_calls", "volume:dials"),
        ("poor_connects", "conversion:dials:connects"),
        ("poor_conversion", "conversion:deals_closed:deals_won"),
        ("small_deals", "size:deals_won:revenue_won"),
    ],
)
def test_a_planted_cause_is_named(
    demo: tuple[Settings, DemoTruth],
    marts: duckdb.DuckDBPyConnection,
    cause: str,
    factor_id: str,
) -> None:
    (rep_id,) = demo[1].reps_by_cause[cause]
    found = marts.execute(
        "select factor_id from scorecard_diagnosis where rep_id = ? and is_main_cause"
        " and period_type = 'year' and is_current",
        [rep_id],
    ).fetchall()
    assert found == [(factor_id,)]


def test_who_makes_fewer_calls_is_told_about_calls_and_not_about_luck(
    demo: tuple[Settings, DemoTruth], marts: duckdb.DuckDBPyConnection
) -> None:
    (rep_id,) = demo[1].reps_by_cause["few_calls"]
    rows = marts.execute(
        "select distinct sentence from scorecard_diagnosis where rep_id = ?"
        " and period_type in ('year', 'last_13_weeks') and is_current",
        [rep_id],
    ).fetchall()
    assert len(rows) == 2
    for (sentence,) in rows:
        assert "Main cause: Dials, " in sentence
        assert "luck" not in sentence
        assert sentence.endswith("What to raise: Dials.")


@pytest.mark.parametrize(
    ("role", "metric_id", "planted", "tolerance"),
    [
        # one rep in six reaches 40 % fewer people
        ("SDR", "connects", "SDR dials -> connects", 0.02),
        ("AE", "opportunities_created", "AE demos_held -> opportunities_created", 0.03),
        ("AM", "opportunities_created", "AM meetings_held -> opportunities_created", 0.03),
        # one rep in six wins half as often
        ("AE", "deals_won", "AE deals_closed -> deals_won", 0.05),
        ("AM", "deals_won", "AM deals_closed -> deals_won", 0.05),
    ],
)
def test_the_planner_plans_with_the_planted_rates(
    demo: tuple[Settings, DemoTruth],
    marts: duckdb.DuckDBPyConnection,
    role: str,
    metric_id: str,
    planted: str,
    tolerance: float,
) -> None:
    rates = marts.execute(
        "select distinct rate from goal_plan where role = ? and metric_id = ?", [role, metric_id]
    ).fetchall()
    assert rates == [(pytest.approx(demo[1].conversion_rates[planted], abs=tolerance),)]


def test_no_audience_of_the_pages_gets_a_name_of_another(
    demo: tuple[Settings, DemoTruth], tmp_path: Path
) -> None:
    """Sentences are written by SQL: here with real ones, in tests/reports with canaries."""
    release = current_release(demo[0])
    assert release is not None
    sources = REPOSITORY / "reports" / "sources"
    audiences = write_audiences(release.database, tmp_path, sources, {})
    with duckdb.connect(str(release.database), read_only=True) as connection:
        people = Company(connection).people
    assert len(audiences) > 20
    for audience in audiences[1:]:
        served = b""
        for path in (tmp_path / "audiences" / audience.folder).iterdir():
            content = path.read_bytes()
            served += gzip.decompress(content) if path.suffix == ".gz" else content
        managers = {people[rep_id].manager_id for rep_id in audience.reps}
        for stranger in people.values():
            if stranger.rep_id in audience.reps:
                continue
            facts = [stranger.email, *([] if stranger.rep_id in managers else
                                       [stranger.rep_id, stranger.name])]  # fmt: skip
            assert not [fact for fact in facts if fact and fact.encode() in served]
        assert audience.person is not None
        assert audience.person.name.encode() in served
