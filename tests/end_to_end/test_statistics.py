"""On the whole demo company: projections hold, and the metrics that lead are the planted ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from math import sqrt

import duckdb
import pytest

from orchestration import cli
from orchestration.core.settings import Settings
from orchestration.demo.company import generate
from orchestration.releases.release import current_release
from tests.benchmarks.projections import tables

TODAY = dt.date(2026, 11, 23)
# what opens deals in the demo, and what leads to it; everything else leads to no deal
PLANTED = {
    ("AE", "demos_held", "revenue_won"),
    ("AE", "demos_held", "opportunities_created"),
    ("AE", "opportunities_created", "deals_closed"),
    ("AE", "deals_closed", "deals_won"),
    ("AM", "meetings_held", "revenue_won"),
    ("AM", "meetings_held", "opportunities_created"),
    ("AM", "opportunities_created", "deals_closed"),
    ("AM", "deals_closed", "deals_won"),
    ("SDR", "dials", "connects"),
    ("SDR", "connects", "conversations"),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published tables of the demo company as `make demo` makes it."""
    settings = replace(Settings(), data_dir=tmp_path_factory.mktemp("data"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCORECARD_COMPANY", "demo")
        patch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
        patch.delenv("SCORECARD_AS_OF_DATE", raising=False)
        generate(settings.files_dir, today=TODAY)
        assert cli.run(["refresh", "--no-reports", "--as-of", TODAY.isoformat()]) == 0
    release = current_release(settings)
    assert release is not None
    assert "| all |" in tables(release.database)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        connection.execute("set search_path = 'marts'")
        yield connection


def test_four_of_five_outcomes_lie_within_the_interval(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select slice, role, period_type, coverage_ratio, forecasts from projection_calibration"
        " where slice in ('all', 'period_type', 'role')"
    ).fetchall()

    assert len(rows) == 1 + 4 + 3
    assert max(row[-1] for row in rows) > 40_000
    assert {row for row in rows if not 0.75 <= row[3] <= 0.85} == set()


def test_each_metric_holds_from_the_month_on(marts: duckdb.DuckDBPyConnection) -> None:
    # of a week's deals "nothing" alone is more than eight outcomes of ten
    wrong = marts.execute(
        "select role, metric_id, period_type, coverage_ratio from projection_calibration"
        " where slice = 'metric_by_period_type' and verdict in ('too_narrow', 'too_wide')"
        " and not (period_type = 'week' and metric_id in ('revenue_won', 'deals_won'))"
        " and coverage_ratio not between 0.72 and 0.88"
    ).fetchall()
    assert wrong == []


def test_stated_chances_come_true_as_often_as_they_say(marts: duckdb.DuckDBPyConnection) -> None:
    chances = marts.execute(
        "select mean_chance, reached_ratio, outcomes from projection_calibration"
        " where slice = 'chance' order by chance_from"
    ).fetchall()

    assert len(chances) == 10
    for stated, reached, outcomes in chances:
        # three standard errors of the outcomes, and a point for the shape of the distribution
        allowed = 3 * sqrt(stated * (1 - stated) / outcomes) + 0.01
        assert abs(reached - stated) <= allowed, (stated, reached, outcomes)


def test_what_was_planted_leads_and_nothing_else_does(marts: duckdb.DuckDBPyConnection) -> None:
    audit = marts.execute(
        "select role, leading_metric_id, lagging_metric_id, verdict, lag_weeks"
        " from leading_indicator_audit"
    ).fetchall()

    assert {tuple(row[:3]) for row in audit if row[3] == "supports"} == PLANTED
    assert not [row for row in audit if row[3] == "contradicts"]
    # 35 days from a demo to the close of its deal
    assert {row[4] for row in audit if row[:2] == ("AE", "demos_held")} == {0, 5}
    assert [row[1:4] for row in audit if row[3] == "not_tested"] == [
        ("connect_rate", "demos_held", "not_tested")
    ]
