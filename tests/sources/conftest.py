"""A company with a folder of files, and readers of what was loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import Settings
from tests.transform.engines.conftest import Server, postgres

__all__ = ["postgres"]

NOW = dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC)
Write = Callable[[str, str | bytes], Path]
Query = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def write(settings: Settings) -> Write:
    """Writes a file into the company's folder; `reps.csv` with two reps is there already."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = settings.files_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    write_file("reps.csv", "rep_id,rep_name\nann,Ann\nbob,Bob\n")
    return write_file


@pytest.fixture
def query(settings: Settings) -> Query:
    """Runs SQL on the working warehouse."""

    def run(sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return run


def address_of(server: Server, database: str, password: str | None = None) -> str:
    """Where SQLAlchemy finds a database of the server."""
    return (
        f"postgresql+psycopg2://scorecard:{password or server.password}@/{database}"
        f"?host={server.folder}"
    )


def csv_of(header: str, rows: Sequence[str]) -> str:
    """A CSV text of a header and lines."""
    return "".join(f"{line}\n" for line in (header, *rows))
