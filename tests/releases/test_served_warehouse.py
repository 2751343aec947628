"""PostgreSQL shows each person their rows of the current release, and never half of one."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from orchestration.core.errors import ConfigError, PublishError
from orchestration.core.settings import Settings
from orchestration.releases import postgres as served_warehouse
from orchestration.releases.audiences import RULES
from orchestration.releases.postgres import check_server, make_roles, serve_release
from tests.site.conftest import publish_sample, write_published
from tests.transform.engines.conftest import Server

ANALYST = "ann@example.com"
PASSWORD = "for-the-test"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented company, where Weiß also manages a colleague and everybody has a canary."""
    path = write_published(tmp_path_factory.mktemp("published") / "scorecard.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("update marts.dim_reps set manager_id = 'r04' where rep_id = 'r05'")
        connection.execute("update marts.dim_reps set manager_id = 'r05' where rep_id = 'r06'")
    return path


@pytest.fixture(scope="module")
def served(
    postgres: Server,
    published: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """Settings of the company, whose release PostgreSQL shows, with a login for each person."""
    postgres.execute("create database served")
    settings = replace(
        Settings(),
        data_dir=tmp_path_factory.mktemp("served"),
        analysts=(ANALYST,),
        serving_url=f"postgresql://scorecard:{postgres.password}@/served?host={postgres.folder}",
    )
    publish_sample(settings, published)
    make_roles(settings)
    serve_release(settings)
    logins = ask(postgres, None, "select rolname from pg_roles where rolname like '%@%'")
    for (login,) in logins:
        postgres.execute(f"alter role \"{login}\" password '{PASSWORD}'")
    return settings


def connect(server: Server, login: str | None) -> Any:
    """A session as a person; as the owner of everything without a login."""
    return psycopg2.connect(
        host=str(server.folder),
        dbname="served",
        user=login or "scorecard",
        password=PASSWORD if login else server.password,
    )


def ask(server: Server, login: str | None, sql: str) -> list[tuple[Any, ...]]:
    """The rows that a person gets."""
    with closing(connect(server, login)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def email_of(published: Path, rep_id: str) -> str:
    """The login of a rep."""
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            "select lower(email) from marts.dim_reps where rep_id = ? and is_current", [rep_id]
        ).fetchall()
    return str(rows[0][0])


def tables_of(published: Path) -> list[str]:
    """The tables of the release."""
    with duckdb.connect(str(published), read_only=True) as connection:
        return [
            row[0]
            for row in connection.execute("select table_name from duckdb_tables()").fetchall()
        ]


def test_an_analyst_sees_every_row_as_it_was_published(
    postgres: Server,
    served: Settings,
    published: Path,
) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        for table in tables_of(published):
            rows = connection.execute(f"from marts.{table}").fetchall()
            shown = ask(postgres, ANALYST, f"select * from scorecard.{table}")
            assert sorted(map(repr, shown)) == sorted(map(repr, rows)), table


@pytest.mark.parametrize(
    ("rep_id", "people"),
    [("r01", {"r01"}), ("r05", {"r05", "r06"}), ("r04", {"r04", "r05", "r06"})],
)
def test_a_person_sees_themselves_and_the_tree_below(
    postgres: Server,
    served: Settings,
    published: Path,
    rep_id: str,
    people: set[str],
) -> None:
    login = email_of(published, rep_id)
    for table, rule in RULES.items():
        if rule.rows == "own" and table in tables_of(published):
            with duckdb.connect(str(published), read_only=True) as connection:
                there = {
                    row[0]
                    for row in connection.execute(
                        f"select distinct rep_id from marts.{table}"
                    ).fetchall()
                }
            shown = {
                row[0]
                for row in ask(postgres, login, f"select distinct rep_id from scorecard.{table}")
            }
            assert shown == people & there, table


def test_nobody_else_is_found_in_any_column(
    postgres: Server,
    served: Settings,
    published: Path,
) -> None:
    login = email_of(published, "r01")
    with duckdb.connect(str(published), read_only=True) as connection:
        others = connection.execute(
            "select distinct rep_name from marts.dim_reps where rep_id not in ('r01', 'unassigned')"
            " and rep_name not in (select manager_name from marts.dim_reps where rep_id = 'r01')"
        ).fetchall()
    assert len(others) > 10
    for table in tables_of(published):
        said = repr(ask(postgres, login, f"select * from scorecard.{table}"))
        assert [name for (name,) in others if name in said] == [], table


def test_an_aggregate_that_may_give_somebody_away_is_for_analysts(
    postgres: Server,
    served: Settings,
    published: Path,
) -> None:
    sql = "select count(team_value), count(actual) from scorecard.scorecard_benchmarks"
    [(aggregates, own)] = ask(postgres, email_of(published, "r01"), sql)
    assert aggregates == 0
    assert own > 0
    assert ask(postgres, ANALYST, sql)[0][0] > 0


@pytest.mark.parametrize(
    "sql",
    [
        "select * from {schema}.dim_reps",
        "select * from {schema}._access",
        "set role scorecard_analyst",
        "set role scorecard",
        "set session authorization 'ann@example.com'",
        "create or replace view scorecard.dim_reps as select 1 as rep_id",
        "insert into scorecard.dim_reps (rep_id) values ('r99')",
        "create schema mine",
        "grant scorecard_analyst to current_user",
    ],
)
def test_a_rep_cannot_reach_around_the_views(
    postgres: Server,
    served: Settings,
    published: Path,
    sql: str,
) -> None:
    schema = serve_release(served)
    with pytest.raises(psycopg2.Error, match=r"permission|denied|must be|member of|admin option"):
        ask(postgres, email_of(published, "r01"), sql.format(schema=schema))


def test_a_function_that_talks_sees_only_own_rows(
    postgres: Server,
    served: Settings,
    published: Path,
) -> None:
    """A cheap function in the condition would otherwise be asked before the rows are filtered."""
    login = email_of(published, "r01")
    with closing(connect(postgres, login)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create function pg_temp.tell(text) returns boolean cost 0.0000001 language plpgsql as"
            " $$ begin raise notice '%', $1; return true; end $$"
        )
        cursor.execute("select count(*) from scorecard.scorecard_reps where pg_temp.tell(rep_id)")
        assert {notice.split()[-1] for notice in connection.notices} == {"r01"}


def test_a_person_who_left_sees_nothing_and_cannot_sign_in(
    postgres: Server,
    served: Settings,
    published: Path,
    tmp_path: Path,
) -> None:
    login = email_of(published, "r01")
    without = tmp_path / "scorecard.duckdb"
    without.write_bytes(published.read_bytes())
    with duckdb.connect(str(without)) as connection:
        connection.execute("update marts.dim_reps set is_active = false where rep_id = 'r01'")
        connection.execute("update marts.dim_reps set manager_id = 'boss' where rep_id = 'r02'")
    gone = replace(served, data_dir=tmp_path / "data")
    publish_sample(gone, without)
    # the same release again, with other people: whom it shows is renewed
    serve_release(gone)
    try:
        assert ask(postgres, login, "select count(*) from scorecard.scorecard_reps") == [(0,)]
        done = make_roles(gone)
        assert f"{login}: may not sign in any more" in done
        assert "boss: no login, is not in reps and manages 1" in done
        assert "Give each a row in reps" in "".join(done)
        with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
            connect(postgres, login)
        assert make_roles(gone) == make_roles(gone)  # nothing more to do
    finally:
        make_roles(served)
        serve_release(served)
    assert ask(postgres, login, "select count(*) from scorecard.scorecard_reps") != [(0,)]


def test_a_login_that_is_not_ours_is_left_alone(
    postgres: Server, served: Settings, published: Path
) -> None:
    login = email_of(published, "r02")
    postgres.execute(f'comment on role "{login}" is null')
    try:
        assert [line for line in make_roles(served) if line.startswith(login)] == [
            f"{login}: left alone, a role of this name is there that is not ours"
        ]
    finally:
        postgres.execute(f"comment on role \"{login}\" is '{served_warehouse.OURS}'")


@pytest.fixture
def two_releases(served: Settings, published: Path, tmp_path: Path) -> Iterator[list[Settings]]:
    """Two releases of a company that differ in every row of two tables."""
    companies = []
    for number in range(2):
        database = tmp_path / f"{number}.duckdb"
        database.write_bytes(published.read_bytes())
        with duckdb.connect(str(database)) as connection:
            day = dt.date(2026, 11, 18) + dt.timedelta(days=number)
            for table in ("scorecard_reps", "scorecard_teams"):
                connection.execute(f"update marts.{table} set as_of_date = ?", [day])
        settings = replace(served, data_dir=tmp_path / f"company-{number}")
        release = publish_sample(settings, database)
        identifier = release.release_id.replace("1a2b3c4", f"1a2b3c{number}")
        renamed = release.path.rename(release.path.with_name(identifier))
        manifest = renamed / "manifest.json"
        manifest.write_text(manifest.read_text().replace(release.release_id, identifier))
        pointer = settings.published_dir / "current"
        pointer.unlink()
        pointer.symlink_to(Path("releases") / identifier)
        companies.append(settings)
    yield companies
    serve_release(served)


def test_readers_see_one_release_or_the_other(
    postgres: Server,
    two_releases: list[Settings],
) -> None:
    serve_release(two_releases[0])
    seen: list[tuple[Any, ...]] = []
    failed: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        try:
            with closing(connect(postgres, ANALYST)) as connection, connection.cursor() as cursor:
                while not is_over.is_set():
                    cursor.execute(
                        "select min(as_of_date), max(as_of_date) from scorecard.scorecard_reps"
                    )
                    [(first, last)] = cursor.fetchall()
                    cursor.execute(
                        "select min(as_of_date), max(as_of_date) from scorecard.scorecard_teams"
                    )
                    seen.append((first, last, *cursor.fetchall()[0]))
                    connection.commit()
        except psycopg2.Error as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for turn in range(10):
            serve_release(two_releases[(turn + 1) % 2])
    finally:
        is_over.set()
        for reader in readers:
            reader.join()
    assert failed == []
    assert [row for row in seen if len(set(row)) != 1] == []
    assert {row[0] for row in seen} == {dt.date(2026, 11, 18), dt.date(2026, 11, 19)}


def test_what_is_read_for_long_is_waited_for_and_then_given_up(
    postgres: Server,
    two_releases: list[Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve_release(two_releases[0])
    monkeypatch.setattr(served_warehouse, "LONGEST_WAIT", 0.5)
    with closing(connect(postgres, ANALYST)) as connection, connection.cursor() as cursor:
        cursor.execute("select as_of_date from scorecard.scorecard_reps limit 1")
        with pytest.raises(PublishError, match="no moment without a query"):
            serve_release(two_releases[1])
        assert ask(postgres, ANALYST, "select max(as_of_date) from scorecard.scorecard_teams") == [
            (dt.date(2026, 11, 18),)
        ]
        connection.rollback()
    serve_release(two_releases[1])
    assert ask(postgres, ANALYST, "select max(as_of_date) from scorecard.scorecard_teams") == [
        (dt.date(2026, 11, 19),)
    ]


def test_a_copy_that_fails_leaves_what_was_shown(
    postgres: Server,
    two_releases: list[Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve_release(two_releases[0])
    drop_all(postgres, two_releases[1])

    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(served_warehouse, "_point_views", fail)
    with pytest.raises(KeyboardInterrupt):
        serve_release(two_releases[1])
    monkeypatch.undo()
    assert ask(postgres, ANALYST, "select max(as_of_date) from scorecard.scorecard_teams") == [
        (dt.date(2026, 11, 18),)
    ]
    assert serve_release(two_releases[1]).endswith("1a2b3c1")


def drop_all(server: Server, settings: Settings) -> None:
    """Forget a release that was shown."""
    [identifier] = [path.name for path in (settings.published_dir / "releases").iterdir()]
    schema = served_warehouse.PREFIX + identifier.lower().replace("-", "_")
    with closing(connect(server, None)) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop schema if exists {schema} cascade")
        connection.commit()


def test_a_table_without_a_rule_is_not_shown(
    postgres: Server,
    two_releases: list[Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(served_warehouse.RULES_OF_MARTS, "scorecard_funnels")
    with pytest.raises(
        PublishError, match=r"no rule for scorecard_funnels.*PostgreSQL still shows"
    ):
        serve_release(two_releases[1])


def test_a_server_that_is_not_there_is_said_without_the_password(served: Settings) -> None:
    away = replace(served, serving_url="postgresql://ann:canary@127.0.0.1:1/served")
    with pytest.raises(
        PublishError, match=r"postgresql://127.0.0.1:1/served: .*still shows"
    ) as caught:
        check_server(away)
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(away)


def test_a_right_or_database_that_is_missing_is_said(postgres: Server, served: Settings) -> None:
    login = "postgresql://publisher:publ1sher@"
    postgres.execute("create role publisher login password 'publ1sher'")
    try:
        lacking = replace(served, serving_url=f"{login}/served?host={postgres.folder}")
        with pytest.raises(
            ConfigError, match=r'publisher may not create schemas.*\ngrant create on database "ser'
        ):
            check_server(lacking)
        absent = replace(served, serving_url=f"{login}/nowhere?host={postgres.folder}")
        with pytest.raises(ConfigError, match=r"no such database.*\ncreate database nowhere"):
            check_server(absent)
    finally:
        postgres.execute("drop role publisher")


def test_what_the_engine_keeps_in_the_same_database_is_left_alone(
    postgres: Server, served: Settings, published: Path
) -> None:
    postgres.execute("create table scorecard.raw_copies (part text)", "served")
    try:
        serve_release(served)
        with pytest.raises(psycopg2.Error, match="permission denied"):
            ask(postgres, email_of(published, "r01"), "select * from scorecard.raw_copies")
    finally:
        postgres.execute("drop table scorecard.raw_copies", "served")


def test_a_server_without_roles_is_said(postgres: Server, served: Settings) -> None:
    assert check_server(served).endswith("can be served.")
    for group in (served_warehouse.READER, served_warehouse.ANALYST):
        postgres.execute(f"alter role {group} rename to {group}_away")
    try:
        with pytest.raises(ConfigError, match="Run `scorecard roles` once"):
            serve_release(served)
    finally:
        for group in (served_warehouse.READER, served_warehouse.ANALYST):
            postgres.execute(f"alter role {group}_away rename to {group}")
