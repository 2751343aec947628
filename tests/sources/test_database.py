"""Canonical tables from queries that a database answers."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.files.load import check_files, load_files
from tests.sources.conftest import NOW, Query, Write, address_of
from tests.transform.engines.conftest import Server

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
    path = write("activities.database.sql", "select agent from nowhere")
    with pytest.raises(InputError, match="no such table: nowhere") as failed:
        check_files(settings)
    assert str(path) in str(failed.value)


DEALS = """
create table deals (id uuid, kind text, agent varchar(9), worth numeric(18, 4), won boolean,
    closed date, made timestamptz, account bytea);
insert into deals values
    ('00000000-0000-0000-0000-000000000001', 'Zoë 名 100%', 'ann', 12345678901234.1200, true,
        '2026-10-05', '2026-10-01 12:00:00.123456+02', '\\x00ff'),
    ('00000000-0000-0000-0000-000000000002', 'Müller: 11:30', 'bob', 0.1, false,
        '2026-10-06', '2026-10-25 02:30:00+02', null),
    ('00000000-0000-0000-0000-000000000003', null, 'ann', null, false,
        null, '2026-10-25 02:30:00+01', null);
"""
DEALS_QUERY = """
-- what drivers and SQLAlchemy take for parameters: 100 %, %(name)s, :name
with chosen as (select * from deals where kind is null or kind like '%1%')
select id as opportunity_id, kind as opportunity_type, account as account_id, agent as rep_id,
    worth as amount, won as is_won, closed::text is not null as is_closed,
    closed as close_date, made as created_at
from chosen order by id
"""


@pytest.fixture
def deals(postgres: Server, write: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """PostgreSQL with three deals, and a query of them; its database."""
    name = f"deals_{secrets.token_hex(4)}"
    postgres.execute(f"create database {name}")
    postgres.execute(DEALS, name)
    monkeypatch.setenv("SCORECARD_DATABASE_URL", address_of(postgres, name))
    write("opportunities.database.sql", DEALS_QUERY)
    yield name
    postgres.execute(f"drop database {name}")  # refused if a connection were left open


def test_types_of_postgresql_come_as_they_are(deals: str, settings: Settings, query: Query) -> None:
    load_files(settings, now=NOW)
    assert query(
        "select right(opportunity_id, 1), opportunity_type, account_id, rep_id, amount, is_won,"
        " is_closed, close_date, created_at from raw_files.opportunities order by 1"
    ) == [
        ("1", "Zoë 名 100%", "00ff", "ann", "12345678901234.1200", "true", "true", "2026-10-05",
         "2026-10-01T10:00:00.123Z"),
        ("2", "Müller: 11:30", None, "bob", "0.1000", "false", "true", "2026-10-06",
         "2026-10-25T00:30:00Z"),
        ("3", None, None, "ann", None, "false", "false", None, "2026-10-25T01:30:00Z"),
    ]  # fmt: skip
    loads = {load.table_name: load for load in load_files(settings, now=NOW)}
    assert loads["opportunities"].rows_changed == 0


@pytest.mark.parametrize(
    ("query_text", "said"),
    [
        ("select * from nowhere", 'relation "nowhere" does not exist'),
        ("select 1; delete from deals", "cannot execute DELETE in a read-only transaction"),
        ("select now() + interval '9000 years' as created_at", "is out of range"),
    ],
)
def test_what_postgresql_refuses_is_said(
    deals: str, settings: Settings, write: Write, query_text: str, said: str
) -> None:
    path = write("opportunities.database.sql", query_text)
    with pytest.raises(InputError, match=said) as failed:
        check_files(settings)
    assert str(path) in str(failed.value)
    assert f"postgresql '{deals}'" in str(failed.value)


def test_a_wrong_password_or_server_is_said_without_secrets(
    postgres: Server, deals: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_DATABASE_URL", address_of(postgres, deals, "s3cr3t-canary"))
    with pytest.raises(InputError, match="password authentication failed") as failed:
        check_files(settings)
    assert "canary" not in str(failed.value)
    monkeypatch.setenv("SCORECARD_DATABASE_URL", address_of(postgres, "no_such_database"))
    with pytest.raises(InputError, match='database "no_such_database" does not exist') as failed:
        check_files(settings)
    assert postgres.password not in str(failed.value)
