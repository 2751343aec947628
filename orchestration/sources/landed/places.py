"""Where landed tables lie: a DuckDB file, Parquet files, or a database; each read the same way."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from orchestration.core.errors import InputError
from orchestration.sources.shared import database
from orchestration.warehouse.connection import quote

ROWS_THAT_TELL = 1_000
# a column, and the only value of it that is wanted; None is any value but an empty one
Only = tuple[str, str | None] | None
MOMENT = "%Y-%m-%dT%H:%M:%S.%gZ"


@dataclass(frozen=True)
class Found:
    """A landed table: its name in messages, how a place selects from it, its columns by type."""

    name: str
    relation: Any
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Since:
    """Only rows of records that were written since a moment.

    `key` is the column of the table that names the record; `written` are the tables that tell, each
    with its column that names a record, and the one that says when it was written.
    """

    key: str
    written: tuple[tuple[Found, str, str], ...]
    moment: str

    def is_of(self, found: Found) -> bool:
        """Whether the table itself tells, and no other."""
        return len(self.written) == 1 and self.written[0][0] is found


class Place(Protocol):
    """Where landed tables lie."""

    @property
    def name(self) -> str:
        """The place, as messages name it."""

    def tables(self) -> list[str]:
        """Names of all tables there."""

    def find(self, table: str) -> Found:
        """The table of that very name."""

    def relation(self, found: Found, columns: Sequence[str], since: Since | None, path: Path,
                 only: Only = None) -> str:  # fmt: skip
        """What DuckDB can select these columns from; files that it needs may lie beside `path`."""

    def state(
        self, found: Found, keys: Sequence[str], latest: str, only: Only = None
    ) -> tuple[int, str]:
        """How many different keys the table has, and the highest value of another column."""

    def fields(self, found: Found, column: str) -> list[str]:
        """Names within the JSON objects of a column, as far as its first rows tell."""


@dataclass(frozen=True)
class _DuckDB:
    """A schema of another DuckDB file, attached read-only as `landed`."""

    con: duckdb.DuckDBPyConnection
    name: str
    schema: str

    def tables(self) -> list[str]:
        return [
            row[0]
            for row in self.con.execute(
                "select table_name from information_schema.tables where table_catalog = 'landed'"
                " and lower(table_schema) = lower(?) order by 1",
                [self.schema],
            ).fetchall()
        ]

    def find(self, table: str) -> Found:
        relation = f"landed.{identifier(self.schema)}.{identifier(table)}"
        return Found(table, relation, described(self.con, relation))

    def relation(
        self,
        found: Found,
        columns: Sequence[str],
        since: Since | None,
        path: Path,
        only: Only = None,
    ) -> str:
        def written(table: Found, when: str, moment: str) -> str:
            type_ = table.columns[when]
            type_ = type_ if type_.startswith(("TIMESTAMP", "DATE")) else "varchar"
            return f"{identifier(when)} >= cast({quote(moment)} as {type_})"

        wheres = [only_text(only)] if only else []
        if since and since.is_of(found):
            wheres.append(written(found, since.written[0][2], since.moment))
        elif since:
            keys = " union ".join(
                f"select cast({identifier(key)} as varchar) from {table.relation}"
                f" where {written(table, when, since.moment)}"
                for table, key, when in since.written
            )
            wheres.append(f"cast({identifier(since.key)} as varchar) in ({keys})")
        where = f" where {' and '.join(wheres)}" if wheres else ""
        return f"(select {', '.join(map(identifier, columns))} from {found.relation}{where})"

    def state(
        self, found: Found, keys: Sequence[str], latest: str, only: Only = None
    ) -> tuple[int, str]:
        counted = identifier(keys[0])
        if len(keys) > 1:
            counted = f"({', '.join(map(identifier, keys))})"
        where = f" where {only_text(only)}" if only else ""
        count, last = self.con.execute(
            f"select count(distinct {counted}), max({identifier(latest)})"
            f" from {found.relation}{where}"
        ).fetchall()[0]
        return int(count), str(last)

    def fields(self, found: Found, column: str) -> list[str]:
        objects = f"cast({identifier(column)} as json)"
        rows = self.con.execute(
            f"select distinct unnest(json_keys(objects)) from (select {objects} as objects from"
            f" {found.relation} where {identifier(column)} is not null limit {ROWS_THAT_TELL})"
            " order by 1"
        ).fetchall()
        return [name for (name,) in rows]


@dataclass(frozen=True)
class _Parquet(_DuckDB):
    """A folder that has `<table>.parquet`, or a folder of Parquet files, per table."""

    folder: Path

    def tables(self) -> list[str]:
        return sorted(
            path.stem if path.is_file() else path.name
            for path in self.folder.iterdir()
            if path.suffix == ".parquet" or (path.is_dir() and any(path.rglob("*.parquet")))
        )

    def find(self, table: str) -> Found:
        file = self.folder / f"{table}.parquet"
        files = file if file.is_file() else self.folder / table / "**/*.parquet"
        relation = f"read_parquet({quote(files)}, union_by_name = true)"
        return Found(table, relation, described(self.con, relation))


@dataclass(frozen=True)
class _Sql:
    """A schema of a database that SQLAlchemy reaches; what is read is copied into a file first."""

    name: str
    schema: str
    database: database.Database

    def tables(self) -> list[str]:
        return self.database.tables(self.schema)

    def find(self, table: str) -> Found:
        from sqlalchemy import column as column_of
        from sqlalchemy import table as table_of

        types = self.database.columns(self.schema, table)
        columns = [column_of(name, type_) for name, type_ in types.items()]
        relation = table_of(table, *columns, schema=self.schema)
        return Found(table, relation, {name: str(type_) for name, type_ in types.items()})

    def relation(
        self,
        found: Found,
        columns: Sequence[str],
        since: Since | None,
        path: Path,
        only: Only = None,
    ) -> str:
        from sqlalchemy import Date, DateTime, select, union

        def written(table: Found, when: str, moment: str) -> Any:
            column = table.relation.c[when]
            value: Any = moment
            if isinstance(column.type, DateTime | Date):
                value = dt.datetime.fromisoformat(moment).replace(
                    tzinfo=dt.UTC if getattr(column.type, "timezone", False) else None
                )
            return column >= value

        query = only_of(select(*(found.relation.c[name] for name in columns)), found, only)
        if since and since.is_of(found):
            query = query.where(written(found, since.written[0][2], since.moment))
        elif since:
            keys = union(
                *(
                    select(table.relation.c[key]).where(written(table, when, since.moment))
                    for table, key, when in since.written
                )
            )
            query = query.where(found.relation.c[since.key].in_(keys))
        self.database.write(query, path, f"table {found.name}")
        return f"read_parquet({quote(path)})"

    def state(
        self, found: Found, keys: Sequence[str], latest: str, only: Only = None
    ) -> tuple[int, str]:
        from sqlalchemy import func, select

        columns = found.relation.c
        different = only_of(select(*(columns[key] for key in keys)), found, only).distinct()
        count = select(func.count()).select_from(different.subquery()).scalar_subquery()
        counted, last = self.database.row(
            select(count, only_of(select(func.max(columns[latest])), found, only).scalar_subquery())
        )
        return int(counted), str(last)

    def fields(self, found: Found, column: str) -> list[str]:
        from sqlalchemy import select

        objects = found.relation.c[column]
        query = select(objects).where(objects.is_not(None)).limit(ROWS_THAT_TELL)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            self.database.write(query, path, f"table {found.name}")
            with duckdb.connect() as con:
                lying = _DuckDB(con, "", "")
                return lying.fields(Found(found.name, f"read_parquet({quote(path)})", {}), column)


@contextmanager
def open_place(con: duckdb.DuckDBPyConnection, setting: str, text: str) -> Iterator[Place]:
    """Open where tables were landed: a folder of Parquet files, or a schema of the database.

    Args:
        con: the working warehouse.
        setting: name of the setting, for messages.
        text: its value: a path, or the name of a schema.

    Raises:
        ScorecardError: there is no such folder, or the database cannot be opened.
    """
    if "/" in text or "\\" in text:
        folder = Path(text).expanduser()
        if not folder.is_dir():
            raise InputError(
                f"{setting}: {folder} is not a folder. Name the folder that has the landed tables "
                "as Parquet files, or a schema of the database in SCORECARD_DATABASE_URL "
                "(docs/landed.md)."
            )
        yield _Parquet(con, f"folder {folder}", "", folder)
        return
    url = database.address()
    if not url.startswith("duckdb:///"):
        with database.open_database(url) as opened:
            yield _Sql(f"schema {text} of {opened.name}", text, opened)
        return
    file = Path(url.removeprefix("duckdb:///").split("?", 1)[0]).expanduser()
    try:
        if not file.is_file():
            raise InputError(f"{database.VARIABLE}: there is no file {file}.")
        con.execute(f"attach {quote(file)} as landed (read_only)")
    except duckdb.Error as error:
        raise InputError(
            f"{database.VARIABLE}: {file} cannot be opened ({str(error).splitlines()[0]}). Let the "
            "tool that lands the tables finish, or name a copy of the file."
        ) from None
    try:
        yield _DuckDB(con, f"schema {text} of {file}", text)
    finally:
        con.execute("detach landed")


def only_text(only: tuple[str, str | None]) -> str:
    """The condition of a reading that is limited to some rows, as SQL."""
    column, value = only
    wanted = "is not null" if value is None else f"= {quote(value)}"
    return f"{identifier(column)} {wanted}"


def only_of(query: Any, found: Found, only: Only) -> Any:
    """The query of SQLAlchemy, with only the rows that are wanted."""
    if only is None:
        return query
    column, value = only
    column_of = found.relation.c[column]
    return query.where(column_of.is_not(None) if value is None else column_of == value)


def described(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Type by column of a relation."""
    found = con.execute(f"describe select * from {relation}").fetchall()
    return {row[0]: row[1] for row in found}


def identifier(name: str) -> str:
    """The name as SQL of DuckDB quotes it."""
    return '"' + name.replace('"', '""') + '"'
