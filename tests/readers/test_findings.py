"""What `scorecard check` repeats of the last refresh."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.core.settings import Settings
from orchestration.readers import findings


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release in which one goal is reached by all, and one rule matches nothing."""
    path = tmp_path / "release.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table goal_quality as select * from (values"
            " ('goal', 'sdr_dials', 'everybody', '9 of 10 reps reach it.'),"
            " ('goal', 'sdr_demos', 'some', '5 of 10 reps reach it.'),"
            " ('scorecard', null, 'everybody', 'Seven metrics.'))"
            " as found(subject, goal_id, verdict, sentence);"
            "create table data_checks as select * from (values"
            " ('gx_event_rules_match_records', false, 'rules.csv line 9: no record'),"
            " ('gx_roles_have_a_scorecard', true, 'none found'),"
            " ('gx_freshness_hubspot_call', false, 'on 2026-01-01'))"
            " as found(check_name, passed, observed_value)"
        )

    @contextmanager
    def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(database), read_only=True) as connection:
            yield connection

    published = SimpleNamespace(as_of_date=dt.date(2026, 10, 4), database=path)
    monkeypatch.setattr(findings, "current_release", lambda settings: published)
    monkeypatch.setattr(findings, "open_tables", opened)


def test_nothing_is_said_before_the_first_release(settings: Settings) -> None:
    assert findings.findings_of_release(settings) == []


def test_goals_are_said_with_their_line(settings: Settings, release: None) -> None:
    (goal,) = findings.findings_of_release(settings)

    # the demo's first goal stands under the header
    assert goal.startswith(
        "refresh as of 2026-10-04: seeds/demo/goals.csv line 2: 9 of 10 reps reach it. -> set"
    )


def test_a_refresh_says_how_the_policy_fits_a_crm(settings: Settings, release: None) -> None:
    said = findings.findings_of_release(replace(settings, sources=("files", "hubspot")))

    assert len(said) == 2
    assert said[1] == "refresh as of 2026-10-04: rules.csv line 9: no record"
