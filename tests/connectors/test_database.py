"""Canonical tables from queries that a database answers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from orchestration.connectors.files import check_files, load_files
from orchestration.errors import InputError
from orchestration.settings import Settings
from tests.connectors.conftest import NOW, Query, Write

QUERY = """
-- calls of the dialler; a time is written with colons: 12:00
select id as activity_id, agent as rep_id, 'call' as activity_type, called_at as occurred_at,
    case when seconds % 2 = 0 then 'even' end as outcome, seconds as duration_seconds
from calls;
"""


@pytest.fixture
def calls(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """A database with two calls, and a query of them."""
    path = tmp_path / "dialler.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "create table calls (id text, agent text, called_at text, seconds integer);"
        "insert into calls values ('c1', 'ann', '2026-10-01 12:00:00', 60),"
        " ('c2', 'bob', '2026-10-02T12:00:00+02:00', 75)"
    )
    monkeypatch.setenv("SCORECARD_DATABASE_URL", f"sqlite:///{path}")
    write("activities.database.sql", QUERY)
    return connection


def test_only_what_differs_is_loaded_and_what_is_gone_is_kept_as_deleted(
    calls: sqlite3.Connection, settings: Settings, query: Query
) -> None:
    def load() -> tuple[int, int]:
        loads = {load.table_name: load for load in load_files(settings, now=NOW)}
        return loads["activities"].rows_changed, loads["activities"].rows_deleted

    assert load() == (2, 0)
    assert query(
        "select activity_id, rep_id, outcome, duration_seconds, occurred_at"
        " from raw_files.activities order by 1"
    ) == [
        ("c1", "ann", "even", "60", "2026-10-01T12:00:00Z"),
        ("c2", "bob", None, "75", "2026-10-02T10:00:00Z"),
    ]
    assert load() == (0, 0)
    calls.executescript("update calls set seconds = 61 where id = 'c1'")
    assert load() == (1, 0)
    calls.executescript("delete from calls where id = 'c2'")
    assert load() == (0, 1)


def test_a_bad_row_or_query_is_named(
    calls: sqlite3.Connection, settings: Settings, write: Write
) -> None:
    calls.executescript("insert into calls values ('c3', 'eve', 'noon', 5)")
    with pytest.raises(InputError) as failed:
        check_files(settings)
    assert "activities.database.sql row 3: occurred_at 'noon' is not a time" in str(failed.value)
    assert "activities.database.sql row 3: rep_id 'eve' is not a rep_id of reps" in str(
        failed.value
    )
    path = write("activities.database.sql", "select agent from nowhere")
    with pytest.raises(InputError, match="no such table: nowhere") as failed:
        check_files(settings)
    assert str(path) in str(failed.value)
