"""A company that PostgreSQL serves, with a login for each person, and what tests ask of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from orchestration.core.settings import Settings
from orchestration.releases import postgres as served_warehouse
from orchestration.releases.postgres import make_roles, serve_release
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
) -> Iterator[Settings]:
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
    yield settings
    postgres.execute("drop database served with (force)")


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


def internal_schema(server: Server) -> str:
    """The schema that holds the served tables, which readers have no right to."""
    [(name,)] = ask(
        server,
        None,
        f"select nspname from pg_namespace where starts_with(nspname, '{served_warehouse.SERVED}')",
    )
    return str(name)


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
