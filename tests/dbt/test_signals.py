"""Planted oddities of the records are found by their signals, and a clean company shows none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.settings import Settings
from orchestration.demo.company import generate
from orchestration.releases.history import load_history
from orchestration.sources.files.load import load_files
from orchestration.sources.reference import write_reference
from orchestration.transform import dbt_runner
from orchestration.warehouse.connection import connect

TODAY = dt.date(2026, 11, 21)  # a Saturday: the last week is whole
AS_OF = TODAY - dt.timedelta(days=1)
PLANTED = {"capture_outage_team", "three_second_calls", "bulk_logging", "backdated_activities"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def signals(data_dir: Path, defects: set[str]) -> dict[str, set[str]]:
    """The teams and reps that each signal names, for a demo company with these defects."""
    settings = replace(Settings(), data_dir=data_dir)
    generate(settings.files_dir, today=TODAY, reps=30, days=100, defects=frozenset(defects))
    load_files(settings, now=dt.datetime.now(dt.UTC))
    write_reference(settings, AS_OF)
    load_history(settings, AS_OF, [])
    selected = ["--select", "+scorecard_data_signals", "--exclude-resource-type", "test"]
    result = dbt_runner._invoke(
        settings,
        ["build", *selected, "--exclude-resource-type", "unit_test"],
        {"SCORECARD_AS_OF_DATE": AS_OF.isoformat()},
    )
    assert result.success, result.exception
    found: dict[str, set[str]] = {}
    with connect(settings, read_only=True) as connection:
        for signal_id, subject in connection.execute(
            "select signal_id, coalesce(rep_id, team) from marts.scorecard_data_signals"
            " where signal_status = 'signal'"
        ).fetchall():
            found.setdefault(signal_id, set()).add(subject)
        (judged,) = connection.execute(
            "select count(*) from marts.scorecard_data_signals where signal_status = 'clear'"
        ).fetchall()
    assert judged[0] > 20
    return found


def test_a_clean_company_shows_no_signal(tmp_path: Path) -> None:
    assert signals(tmp_path, set()) == {}


def test_each_planted_oddity_is_found_and_nothing_else(tmp_path: Path) -> None:
    assert signals(tmp_path, PLANTED) == {
        "capture_drop_team": {"SDR EMEA"},
        # its reps but those who began too lately for their silence to be told from chance
        "capture_drop_rep": {"rep_0021", "rep_0022", "rep_0026"},
        "short_calls": {"rep_0001"},
        "bulk_logging": {"rep_0001"},
        "backdated": {"rep_0030"},
    }
