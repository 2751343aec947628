"""PostgreSQL as the engine: tables go there and come back as Arrow batches, by COPY.

Where the server is and who signs in is said by libpq's own variables (PGHOST, PGPORT, PGDATABASE,
PGUSER, PGPASSWORD, PGSSLMODE, …) and its password file, which every tool of PostgreSQL reads.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from orchestration.core.environment import Environment
from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.transform.engines import PART, Copy, Relation
from orchestration.warehouse.connection import quote

REQUIRED = ("PGHOST", "PGDATABASE", "PGUSER")
# text sorts by its bytes on all engines, and every letter has a lower case
CREATE_DATABASE = (
    "create database {} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'"
)
OLDEST = 13
BOOKKEEPING = "scorecard"
# the layers of dbt_project, and ours
SCHEMAS = ("config", "staging", "intermediate", "marts", BOOKKEEPING)
COPIES = f"{BOOKKEEPING}.raw_copies"


def address() -> str:
    """Return host, port and database in the usual notation."""
    missing = [name for name in REQUIRED if not os.environ.get(name)]
    if missing:
        raise ConfigError(
            f"SCORECARD_TARGET is postgres, but {', '.join(missing)} is not set. Say where the"
            " database is with PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD"
            " (docs/engines.md)."
        )
    read = Environment.read()
    return f"postgresql://{read.pghost}:{read.pgport or '5432'}/{read.pgdatabase}"


def environment() -> Mapping[str, str]:
    """Options of dbt's sessions.

    Models read their inputs through many steps, of whose size PostgreSQL has no idea. Believing
    that there is one row, it joins a table with itself before it looks for the few rows that are
    wanted, or loops over all of them: minutes instead of a second. Or it sorts by one column of
    several, and compares millions of pairs by the others. Joins in the order in which they are
    written, by hashing, are never far from the best.
    """
    options = (
        "join_collapse_limit=1",
        "enable_nestloop=off",
        "enable_mergejoin=off",
        "jit=off",
        "TimeZone=UTC",
    )
    said = os.environ.get("PGOPTIONS", "")
    return {"PGOPTIONS": " ".join([*(f"-c {option}" for option in options), said]).strip()}


@contextmanager
def connect() -> Iterator[Postgres]:
    """Connect, and check that the database can be used.

    Raises:
        ConfigError: packages, settings, the database or rights are missing, or it is too old or
            does not compare text as the other engines do.
        ScorecardError: the server cannot be reached, or a statement failed.
    """
    where = address()
    try:
        import adbc_driver_postgresql.dbapi as adbc
        import dbt.adapters.postgres  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"SCORECARD_TARGET is postgres, but {error.name} is not installed."
            " Run: .venv/bin/pip install '.[postgres]'"
        ) from error
    try:
        with adbc.connect("postgresql://") as connection:
            engine = Postgres(connection)
            engine.require_usable(where)
            yield engine
    except adbc.Error as error:
        name = os.environ["PGDATABASE"]
        if f'database "{name}" does not exist' in str(error):
            raise ConfigError(
                f"{where}: there is no such database. Create it with:\n"
                + CREATE_DATABASE.format(name)
            ) from error
        raise ScorecardError(
            f"{where}: {first_line(error)}. Check that the server runs, the PG… variables and the"
            " rights of the user, then run `scorecard refresh` again; nothing was published."
        ) from error


class Session:
    """A connection of the ADBC driver, which commits only when told to."""

    def __init__(self, connection: Any) -> None:
        """Wrap an open connection."""
        self.connection = connection

    def execute(self, sql: str) -> None:
        """Run a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def require_version(self, where: str) -> None:
        """Raise a ConfigError if the server is too old."""
        ((version, number),) = self.fetch(
            "select current_setting('server_version'),"
            " cast(current_setting('server_version_num') as integer)"
        )
        if number < OLDEST * 10_000:
            raise ConfigError(f"{where}: PostgreSQL {version} is too old. Use {OLDEST} or newer.")

    def ingest(self, schema: str, table: str, rows: Any, *, append: bool = False) -> None:
        """Create a table of Arrow batches, or append to it."""
        mode = "append" if append else "create"
        with self.connection.cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode=mode, db_schema_name=schema)


class Postgres(Session):
    """An open database in which dbt builds."""

    def require_usable(self, where: str) -> None:
        """Raise a ConfigError unless we may build there and text sorts as on other engines."""
        self.require_version(where)
        ((user, name, is_usable, may_create),) = self.fetch(
            "select current_user, current_database(),"
            " 'Z' < 'a' and lower('\u00c4') = '\u00e4',"
            " has_database_privilege(current_database(), 'create')"
        )
        if not is_usable:
            raise ConfigError(
                f"{where}: the database sorts text in the order of a language, so ties would be"
                " broken in another way than on other engines. Create it with:\n"
                + CREATE_DATABASE.format(name)
            )
        if not may_create:
            raise ConfigError(
                f"{where}: {user} may not create schemas. An administrator can allow it:\n"
                f'grant create on database "{name}" to "{user}"'
            )
        others = self.fetch(
            "select nspname, pg_get_userbyid(nspowner) from pg_namespace"
            f" where (nspname in {SCHEMAS} or starts_with(nspname, 'raw_'))"
            " and not pg_has_role(nspowner, 'usage') order by 1"
        )
        if others:
            owned = ", ".join(f"{schema} of {owner}" for schema, owner in others)
            raise ConfigError(
                f"{where}: {user} cannot replace what others own there ({owned}). Sign in as that "
                "user, or give the scorecards a database of their own (docs/engines.md)."
            )

    def copied(self) -> Mapping[Relation, Mapping[str, str]]:
        """Fingerprint by part of each raw table that the database has."""
        self.execute(f"create schema if not exists {BOOKKEEPING}")
        self.execute(
            f"create table if not exists {COPIES}"
            " (schema_name text, table_name text, part text, fingerprint text)"
        )
        self.connection.commit()
        found: dict[Relation, dict[str, str]] = defaultdict(dict)
        for schema, name, part, fingerprint in self.fetch(
            f"select schema_name, table_name, part, fingerprint from {COPIES}"
            " where to_regclass(schema_name || '.' || table_name) is not null"
        ):
            found[schema, name][part] = fingerprint
        return found

    def replace(self, copy: Copy) -> None:
        """Replace the parts of a copy in one transaction; create the table if need be."""
        schema, name = copy.relation
        table = f"{schema}.{name}"
        parts = ", ".join(map(quote, (*copy.fingerprints, *copy.gone))) or "null"
        self.execute(f"create schema if not exists {schema}")
        if copy.is_whole:
            self.execute(f"drop table if exists {table} cascade")  # and the views of staging
        else:
            self.execute(f"delete from {table} where {PART} in ({parts})")
        self.ingest(schema, name, copy.rows, append=not copy.is_whole)
        if copy.is_whole:
            self.execute(f"create index on {table} ({PART})")
        self.execute(f"analyze {table}")
        ours = f"schema_name = {quote(schema)} and table_name = {quote(name)}"
        self.execute(
            f"delete from {COPIES} where {ours}"
            + ("" if copy.is_whole else f" and part in ({parts})")
        )
        for part, fingerprint in copy.fingerprints.items():
            self.execute(
                f"insert into {COPIES} values"
                f" ({', '.join(map(quote, (schema, name, part, fingerprint)))})"
            )
        self.connection.commit()

    @contextmanager
    def read(self, relation: Relation, columns: Sequence[str]) -> Iterator[pa.RecordBatchReader]:
        """All rows of a table or view, during the block; all columns if none is named."""
        schema, name = relation
        with self.connection.cursor() as cursor:
            cursor.execute(f"select {', '.join(columns) or '*'} from {schema}.{name}")
            yield cursor.fetch_record_batch()


def first_line(error: BaseException) -> str:
    """Return a server's message without its full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
