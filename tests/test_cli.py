from __future__ import annotations

import datetime as dt
import errno
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration import cli
from orchestration.cli import companies
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.releases.publish import publish
from orchestration.warehouse.connection import connect, refresh_lock

NOW = dt.datetime(2026, 6, 30, 2, tzinfo=dt.UTC)


@pytest.fixture
def company(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The demo company with a data folder of the test's own, as the environment names it."""
    for name in ("SCORECARD_COMPANY", "SCORECARD_AS_OF_DATE", "SCORECARD_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SCORECARD_COMPANY", "demo")  # restored, although a command sets it
    monkeypatch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
    return settings


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = cli.run(arguments)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, " ".join(captured.err.split())


def publish_twice(company: Settings) -> list[str]:
    with connect(company) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_reps as select 'r1' as rep_id")
    return [
        publish(company, NOW.date(), [], {}, NOW + dt.timedelta(days=day)).release_id
        for day in range(2)
    ]


def test_help_imports_nothing_that_is_slow() -> None:
    script = (
        "import sys; from orchestration.cli import run; code = run(['--help']);"
        "slow = {'dagster', 'dbt', 'duckdb', 'great_expectations', 'pyarrow'};"
        "sys.exit(code or ', '.join(sorted(slow & set(sys.modules))) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "refresh" in done.stdout


def test_the_demo_without_files_says_how_to_get_them(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = failure(capsys, "refresh")
    assert code == 2
    assert str(company.files_dir) in message
    assert "scorecard demo-data" in message


def test_an_unknown_company_is_refused(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = failure(capsys, "refresh", "--company", "nobody")
    assert code == 2
    assert "scorecard init nobody" in message


def test_two_as_of_dates_are_refused(
    company: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    company.files_dir.mkdir(parents=True)
    (company.files_dir / "reps.csv").write_text("rep_id\n", encoding="utf-8")
    monkeypatch.setenv("SCORECARD_AS_OF_DATE", "2025-05-30")
    code, message = failure(capsys, "refresh", "--as-of", "2025-05-31")
    assert code == 2
    assert "Two as-of dates" in message


def test_a_wrong_option_is_a_usage_error(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = failure(capsys, "refresh", "--fulll")
    assert code == 2
    assert "--fulll" in message


def test_a_policy_error_stops_a_refresh_before_it_starts(
    company: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    broken = replace(company, dbt_project_dir=tmp_path / "dbt_project")
    shutil.copytree(company.seeds_dir, broken.seeds_dir)
    goals = broken.seeds_dir / "goals.csv"
    lines = goals.read_text(encoding="utf-8").splitlines()
    goals.write_text("\n".join([*lines, lines[-1]]) + "\n", encoding="utf-8")
    broken.files_dir.mkdir(parents=True)
    (broken.files_dir / "reps.csv").write_text("rep_id\n", encoding="utf-8")
    monkeypatch.setattr(Settings, "from_environment", lambda company: broken)
    for command in ("refresh", "check"):
        code, message = failure(capsys, command)
        assert code == 2
        assert f"goals.csv line {len(lines) + 1}" in message


def test_releases_are_listed_and_rolled_back(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["releases", "list"]) == 0
    assert "not published anything yet" in capsys.readouterr().out
    old, new = publish_twice(company)

    assert cli.run(["releases", "rollback", old]) == 0
    capsys.readouterr()
    assert cli.run(["releases", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "current" in next(line for line in lines if old in line)
    assert "current" not in next(line for line in lines if new in line)


def test_a_rollback_waits_for_no_refresh(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    old, _ = publish_twice(company)
    with refresh_lock(company, NOW):
        code, message = failure(capsys, "releases", "rollback", old)
    assert code == 1
    assert "is running already" in message


def test_an_unexpected_error_keeps_its_details_in_a_file(
    company: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(company: str | None) -> Settings:
        raise KeyError("surprise")

    monkeypatch.setattr(Settings, "from_environment", fail)
    code, message = failure(capsys, "releases", "list")
    assert code == 1
    details = Path(message.split("Details: ")[1])
    assert "KeyError: 'surprise'" in details.read_text(encoding="utf-8")
    details.unlink()


def test_an_unexpected_error_is_told_even_if_its_details_cannot_be_kept(
    company: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", fail)
    monkeypatch.setattr(companies, "parse_day", lambda *_: 1 / 0)
    code, message = failure(capsys, "demo-data", "--today", "2025-06-29")
    assert code == 1
    assert "ZeroDivisionError" in message
    assert "could not be written" in message


def test_demo_data_writes_what_the_connector_reads(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--reps", "8", "--days", "30", "--today", "2025-06-29"]
    assert cli.run(["demo-data", *arguments]) == 0
    assert (company.files_dir / "activities.csv").exists()
    assert cli.run(["check"]) == 0
    assert "are in order" in capsys.readouterr().out
