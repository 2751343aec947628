from __future__ import annotations

import datetime as dt
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import RefreshRunning, ScorecardError
from orchestration.core.settings import Settings
from orchestration.warehouse.connection import (
    WORKING,
    connect,
    limits,
    refresh_lock,
    working_folder,
)

NOW = dt.datetime(2026, 6, 30, 2, 0, tzinfo=dt.UTC)

HOLD_THE_LOCK = """
import datetime as dt, pathlib, sys, time
from dataclasses import replace
from orchestration.core.settings import Settings
from orchestration.warehouse.connection import refresh_lock
settings = replace(Settings(), data_dir=pathlib.Path(sys.argv[1]))
with refresh_lock(settings, dt.datetime(2026, 6, 30, 2, tzinfo=dt.UTC)):
    sys.stdout.write("locked\\n")
    sys.stdout.flush()
    time.sleep(60)
"""


def test_the_warehouse_is_written_so_that_older_drivers_can_open_it(settings: Settings) -> None:
    with connect(settings) as connection:
        connection.execute("create table numbers as select 1 as number")
        tags = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = ?",
            [settings.warehouse_path.stem],
        ).fetchall()
    assert str(tags[0][0]).startswith("v1.4.0")


def test_time_stamps_are_read_in_utc(settings: Settings) -> None:
    with connect(settings) as connection:
        assert connection.execute("select current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_what_does_not_fit_into_memory_lies_beside_the_warehouse(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = replace(settings, memory="60MB")
    spilled = settings.company_dir / "warehouse.duckdb.tmp"
    settings.company_dir.mkdir(parents=True)
    for connection in (
        duckdb.connect(str(settings.warehouse_path), config=limits(small)),
        duckdb.connect(config=limits(small)),
    ):
        with connection:
            assert connection.execute("select current_setting('memory_limit')").fetchall() == [
                ("57.2 MiB",)
            ]
            connection.execute(
                "create temp table numbers as select hash(i) as number from range(10_000_000) t(i)"
            )
            assert any(path.stat().st_size > 10_000_000 for path in spilled.iterdir())
        assert not spilled.exists()
    assert not (tmp_path / ".tmp").exists()


def test_what_a_killed_refresh_left_is_removed(settings: Settings) -> None:
    settings.state_dir.mkdir(parents=True)
    left = settings.state_dir / f"{WORKING}left"
    left.mkdir()
    (left / "activities.parquet").write_bytes(b"half a file")
    with refresh_lock(settings, NOW), working_folder(settings) as folder:
        assert not left.exists()
        assert Path(folder).parent == settings.state_dir
        with pytest.raises(RefreshRunning), refresh_lock(settings, NOW):
            pass
        assert Path(folder).is_dir()  # who does not get the lock removes nothing


def test_a_damaged_warehouse_is_named_with_a_remedy(settings: Settings) -> None:
    settings.company_dir.mkdir(parents=True)
    settings.warehouse_path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(ScorecardError, match=re.escape(str(settings.warehouse_path))) as caught:
        with connect(settings):
            pass
    assert "scorecard refresh --full" in str(caught.value)


def test_the_file_is_free_after_the_block(settings: Settings) -> None:
    with connect(settings) as connection:
        connection.execute("create table numbers as select 1 as number")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
        assert reader.execute("select number from numbers").fetchall() == [(1,)]


def test_a_second_refresh_is_told_who_holds_the_lock(settings: Settings) -> None:
    with refresh_lock(settings, NOW):
        with pytest.raises(RefreshRunning, match=rf"process {os.getpid()}, since 2026-06-30T02:00"):
            with refresh_lock(settings, NOW):
                pass
    with refresh_lock(settings, NOW):  # free again
        pass


def test_the_lock_of_a_killed_process_is_free(settings: Settings) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(settings.data_dir)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(RefreshRunning, match=f"process {process.pid},"):
            with refresh_lock(settings, NOW):
                pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        with refresh_lock(settings, NOW):
            pass
