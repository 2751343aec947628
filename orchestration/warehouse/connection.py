"""The working warehouse: one DuckDB file that only one refresh at a time opens."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from orchestration.core.errors import RefreshRunning, ScorecardError
from orchestration.core.settings import Settings

# older DuckDB drivers (Evidence, BI tools) can open files written in this version
STORAGE_VERSION = "v1.4.0"
WORKING = "working-"
# for SQL that others wrote: no code but DuckDB's own, and no variable of ours read as a table
WITHOUT_EXTENSIONS = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
}


@contextmanager
def connect(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the working warehouse in UTC, creating it if need be; closed at the end of the block.

    Raises:
        ScorecardError: the file is open in another program, damaged, or cannot be written.
    """
    path = settings.warehouse_path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            str(path),
            read_only=read_only,
            config={"storage_compatibility_version": STORAGE_VERSION, **limits(settings)},
        )
    except (duckdb.Error, OSError) as error:
        raise ScorecardError(
            f"{path}: the working warehouse cannot be opened ({_first_line(error)}). Close other "
            "programs that have it open (BI tools belong on published/current/scorecard.duckdb). "
            "If the file is damaged, delete it and run `scorecard refresh --full`."
        ) from error
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def limits(settings: Settings) -> dict[str, str | bool | int | float | list[str]]:
    """Return DuckDB's settings: its memory limit, and where it spills.

    Every connection may spill into the same folder: DuckDB names its files by process and
    connection, and removes those of processes that are dead.
    """
    return {
        "memory_limit": settings.memory,
        "temp_directory": f"{settings.warehouse_path}.tmp",
    }


def working_folder(settings: Settings) -> tempfile.TemporaryDirectory[str]:
    """Create a temporary folder for a step of a refresh.

    It lies beside the company's data, because the system's temporary folder may be small. The next
    refresh removes the folders of killed ones.
    """
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=settings.state_dir, prefix=WORKING)


@contextmanager
def refresh_lock(settings: Settings, now: dt.datetime, wait: float = 0) -> Iterator[None]:
    """Hold the company's refresh lock during the block; the system frees it after a crash.

    Args:
        settings: the company.
        now: the time that others are shown as the start of the run.
        wait: how many seconds to wait for the lock.

    Raises:
        RefreshRunning: another process holds it.
    """
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    holder_path = settings.state_dir / "refresh.json"
    lock = FileLock(settings.state_dir / "refresh.lock")
    try:
        lock.acquire(timeout=wait, poll_interval=1)
    except Timeout:
        try:
            holder = json.loads(holder_path.read_text(encoding="utf-8"))
            who = f"process {holder['pid']}, since {holder['since']}"
        except (OSError, ValueError, KeyError):  # it has only just started
            who = "started a moment ago"
        raise RefreshRunning(
            f"A refresh of '{settings.company}' is running already ({who}). Wait until it is done, "
            "or end that process; nothing was changed."
        ) from None
    try:
        holder_path.write_text(
            json.dumps({"pid": os.getpid(), "since": now.isoformat(timespec="seconds")}),
            encoding="utf-8",
        )
        for left in settings.state_dir.glob(f"{WORKING}*"):
            shutil.rmtree(left)
        yield
    finally:
        holder_path.unlink(missing_ok=True)
        lock.release()


def is_refreshing(settings: Settings) -> bool:
    """Whether a living process holds the company's refresh lock."""
    path = settings.state_dir / "refresh.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def write_parquet(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write what a query yields into a Parquet file."""
    con.execute(f"copy ({query}) to {quote(path)} (format parquet)")


def quote(value: object) -> str:
    """A SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
