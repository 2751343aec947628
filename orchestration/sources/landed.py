"""Tables that Fivetran, Airbyte, dlt or anybody else landed: another way into the same raw tables.

The tool is told apart by its columns, and a column is found by its name without case, underscores
and blanks, so `StageName`, `stage_name` and `Stage Name` are one. What is read goes into raw in
the same shape as what a connector reads itself; nothing after raw knows the difference.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.canonical import Column
from orchestration.sources.files import BAD, normalised
from orchestration.sources.shared import database
from orchestration.sources.shared.crm import parse_moment
from orchestration.sources.shared.load import iso, merge_records, write_changed_months
from orchestration.warehouse.connection import limits, quote, working_folder

# when a tool wrote a row, best first; a row that it changes or marks as deleted is written anew
SYNCED = ("_fivetran_synced", "_airbyte_extracted_at", "_airbyte_emitted_at", "_dlt_load_id")
# what of the tools says that a record is gone: true, or a time
DELETED = ("_fivetran_deleted", "_ab_cdc_deleted_at")
# with a tool that keeps old versions of a record: the current one
ACTIVE = ("_fivetran_active",)
ENDED = ("_dlt_valid_to",)
# a tool may stamp a row earlier than others can see it
LOOK_BACK = dt.timedelta(days=1)
WHOLE_EVERY = dt.timedelta(days=7)
MOMENT = "%Y-%m-%dT%H:%M:%S.%gZ"
SHOWN_PROBLEMS = 5
SHOWN_NAMES = 40
ROWS_THAT_TELL = 1_000


@dataclass(frozen=True)
class LandedColumn:
    """A column of a raw table, and the names under which it may have been landed.

    Nothing is said when one is absent that is not `is_usual`. `title`: what the CRM calls it, the
    first of the names when empty.
    """

    raw: Column
    names: tuple[str, ...]
    is_usual: bool = True
    title: str = ""


@dataclass(frozen=True)
class LandedTable:
    """A raw table, the names its landed twin may have, and where columns come from.

    `key` is the raw column that identifies a record, `stamp` the one that tells the newer of two
    versions, `deleted_by` names columns that say it is gone, `to_do_without` what to do where
    nobody lands it, `left_empty` what is missing then; without it the table is needed. `view` shows
    the place as if the table lay there in the plain form.
    """

    source: str
    raw: str
    names: tuple[str, ...]
    columns: tuple[LandedColumn, ...]
    key: str
    stamp: str
    dated_by: tuple[str, ...]
    deleted_by: tuple[str, ...]
    to_do_without: str
    left_empty: str = ""
    view: Callable[[Place], Place] | None = None


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


# a column, and the only value of it that is wanted; None is any value but an empty one
Only = tuple[str, str | None] | None


@dataclass(frozen=True)
class LandedLoad:
    """What was brought into one raw table."""

    rows_read: int
    rows_changed: int
    rows_deleted: int
    columns: Mapping[str, str]
    warnings: tuple[str, ...]


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
        return Found(table, relation, _described(self.con, relation))

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

        wheres = [_only(only)] if only else []
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
        where = f" where {_only(only)}" if only else ""
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
        return Found(table, relation, _described(self.con, relation))


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

        query = _only_of(select(*(found.relation.c[name] for name in columns)), found, only)
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
        different = _only_of(select(*(columns[key] for key in keys)), found, only).distinct()
        count = select(func.count()).select_from(different.subquery()).scalar_subquery()
        counted, last = self.database.row(
            select(
                count, _only_of(select(func.max(columns[latest])), found, only).scalar_subquery()
            )
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


def normalise(name: str) -> str:
    """The name without case, underscores and blanks."""
    return name.lower().replace("_", "").replace(" ", "")


@dataclass(frozen=True)
class Matched:
    """Which landed columns are which: by column of raw, and those of the tool."""

    table: LandedTable
    place: Place
    found: Found
    by_column: Mapping[str, str]
    synced: str | None
    deleted: tuple[str, ...]
    active: str | None
    ended: str | None

    @property
    def key(self) -> str:
        """The landed column that identifies a record."""
        return self.by_column[self.table.key]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is optional and was not landed."""
        absent = [
            column.title or column.names[0]
            for column in self.table.columns
            if column.is_usual and column.names and column.raw.name not in self.by_column
        ]
        if not absent:
            return ()
        return (f"landed table {self.found.name} has no {', '.join(absent)}: left empty",)


def landed_as(there: Sequence[str], names: Sequence[str]) -> list[str]:
    """The tables that bear the first of these names that any bears; more than one are too many."""
    for wanted in names:
        if found := [name for name in there if normalise(name) == normalise(wanted)]:
            return found
    return []


def do_without(place: Place, table: LandedTable) -> tuple[str, ...]:
    """What to say when a table that is not needed is not there; nothing when it is."""
    if not table.left_empty or landed_as(place.tables(), table.names):
        return ()
    return (f"{place.name} has no table {table.names[0]}: {table.left_empty}",)


def match(place: Place, table: LandedTable) -> Matched:
    """Find a landed table and its columns.

    Raises:
        InputError: the table is not there, or a column without which it says nothing.
    """
    place = table.view(place) if table.view else place
    there = place.tables()
    named = landed_as(there, table.names)
    if len(named) != 1:
        problem = (
            f"has {' and '.join(named)}, which are the same table. Keep one"
            if named
            else f"has no table {table.names[0]} (there: {_listed(there)}). Land it there, name "
            f"the right place, or {table.to_do_without}"
        )
        raise InputError(f"{table.source}: {place.name} {problem} (docs/landed.md).")
    found = place.find(named[0])
    columns: dict[str, str] = {}
    for name in found.columns:
        columns.setdefault(normalise(name), name)

    def first(names: Sequence[str]) -> str | None:
        return next((columns[normalise(n)] for n in names if normalise(n) in columns), None)

    by_column = {c.raw.name: landed for c in table.columns if (landed := first(c.names))}
    missing = [
        c.title or c.names[0]
        for c in table.columns
        if c.raw.required and c.raw.name not in by_column
    ]
    if missing:
        raise InputError(
            f"{table.source}: table {found.name} in {place.name} has no column for "
            f"{', '.join(missing)} (there: {_listed(list(found.columns))}). Let the tool land "
            f"{'these fields' if len(missing) > 1 else 'this field'}, or lay a view over the table "
            "that has them (docs/landed.md)."
        )
    return Matched(
        table,
        place,
        found,
        by_column,
        None if first(ENDED) else first(SYNCED),  # dlt does not stamp a version that it ends
        tuple(n for name in (*table.deleted_by, *DELETED) if (n := first([name]))),
        first(ACTIVE),
        first(ENDED),
    )


def check_landed(setting: str, text: str, tables: Sequence[LandedTable]) -> tuple[str, list[str]]:
    """Find every landed table and its columns without reading a row; what is there, and warnings.

    Raises:
        ScorecardError: the place cannot be opened, or something needed is missing.
    """
    warnings: list[str] = []
    failures: list[str] = []
    with duckdb.connect() as con, open_place(con, setting, text) as place:
        for table in tables:
            if absent := do_without(place, table):
                warnings += absent
                continue
            try:
                warnings += match(place, table).warnings
            except InputError as error:
                failures.append(f"- {error}")
        source = tables[0].source
        if failures:
            raise InputError("\n".join([f"{source}: something is missing.", *failures]))
        return f"{source}: {len(tables)} tables can be read in {place.name}.", warnings


def look_at_landed(
    settings: Settings, setting: str, text: str, tables: Sequence[LandedTable]
) -> dict[str, Any]:
    """How many records each table has, and when the tool, or else somebody, last wrote one.

    Raises:
        ScorecardError: the place cannot be opened, or something needed is missing.
    """
    found: dict[str, Any] = {}
    with duckdb.connect(config=limits(settings)) as con, open_place(con, setting, text) as place:
        con.execute("set TimeZone = 'UTC'")
        for table in tables:
            if do_without(place, table):
                continue
            matched = match(place, table)
            latest = matched.synced or matched.by_column.get(table.stamp) or matched.key
            found[table.raw] = list(matched.place.state(matched.found, [matched.key], latest))
    return {"found": found}


def load_landed(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    place: Place,
    table: LandedTable,
    *,
    schema: str,
    full: bool,
    now: dt.datetime,
) -> LandedLoad:
    """Bring a landed table into its raw table: only what the tool wrote since the last time.

    It is read whole when nothing says since when, when other columns are wanted, when it has lost
    or regained rows, and every seven days. Rows that are gone are kept as deleted.

    Raises:
        InputError: the table cannot be used; names table, column, what was there and remedy.
    """
    matched = match(place, table)
    con.execute(
        f"create table if not exists {schema}._landed (table_name varchar, columns varchar,"
        " synced_to varchar, gone_rows bigint, whole_at varchar)"
    )
    columns = json.dumps([place.name, *sorted(matched.by_column.items())])
    last = con.execute(
        f"select synced_to, gone_rows, whole_at from {schema}._landed"
        " where table_name = ? and columns = ?",
        [table.raw, columns],
    ).fetchall()
    synced_to, gone, whole_at = last[0] if last else (None, 0, None)
    whole = full or synced_to is None or parse_moment(whole_at) + WHOLE_EVERY <= now
    read, changed, deleted, mark = 0, 0, 0, synced_to
    if not whole:
        read, changed, mark, _ = _read(
            con, settings, matched, schema, _since(matched, synced_to or ""), now
        )
        raw_rows = int(con.execute(f"select count(*) from {schema}.{table.raw}").fetchall()[0][0])
        keys, _ = matched.place.state(matched.found, [matched.key], matched.key)
        whole = keys != raw_rows - gone
    if whole:
        read, more, mark, (deleted, gone) = _read(con, settings, matched, schema, None, now)
        changed, whole_at = changed + more, iso(now)
    con.execute("begin transaction")
    con.execute(f"delete from {schema}._landed where table_name = ?", [table.raw])
    con.execute(
        f"insert into {schema}._landed values (?, ?, ?, ?, ?)",
        [table.raw, columns, mark or synced_to, gone, whole_at],
    )
    con.execute("commit")
    return LandedLoad(read, changed, deleted, matched.found.columns, matched.warnings)


def _read(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    matched: Matched,
    schema: str,
    since: Since | None,
    now: dt.datetime,
) -> tuple[int, int, str | None, tuple[int, int]]:
    """Rows read, rows that differed, how far the tool was; rows that are gone now, and in all."""
    table, place = matched.table, matched.place
    with working_folder(settings) as folder:
        path = Path(folder) / "rows.parquet"
        wanted = [*matched.by_column.values(), *matched.deleted]
        wanted += [name for name in (matched.synced, matched.active, matched.ended) if name]
        try:
            relation = place.relation(
                matched.found, list(dict.fromkeys(wanted)), since, Path(folder) / "copy.parquet"
            )
            con.execute(
                f"copy ({_in_raw_shape(con, matched, relation, now)})"
                f" to {quote(path)} (format parquet)"
            )
        except duckdb.Error as error:
            raise InputError(
                f"{table.source}: table {matched.found.name} in {place.name} cannot be read "
                f"({str(error).splitlines()[0]})."
            ) from error
        _refuse_bad_cells(con, matched, path)
        rows, mark = con.execute(f"select count(*), max(_synced) from {quote(path)}").fetchall()[0]
        changed = merge_records(
            con,
            settings,
            schema=schema,
            table=table.raw,
            columns=[column.raw.name for column in table.columns],
            key=table.key,
            stamp=None,
            incoming=f"select * exclude (_synced) from {quote(path)}",
            dated_by=table.dated_by,
            folder=Path(folder),
        )
        gone = _mark_gone(con, table, schema, path, now) if since is None else (0, 0)
    return rows, changed, mark, gone


def _in_raw_shape(
    con: duckdb.DuckDBPyConnection, matched: Matched, relation: str, now: dt.datetime
) -> str:
    """A query of the newest version of each record, in the columns of raw."""
    types = _described(con, relation)

    def cell(column: LandedColumn) -> str:
        name = matched.by_column.get(column.raw.name)
        if name is None:
            return f"cast(null as varchar) as {column.raw.name}"
        return f"{_as_text(column.raw, types[name], identifier(name))} as {column.raw.name}"

    flags = [
        f"lower(coalesce(trim(cast({identifier(name)} as varchar)), '')) not in"
        " ('', 'false', 'f', '0')"
        for name in matched.deleted
    ]
    active = "true"
    if matched.active:
        active = f"coalesce(cast({identifier(matched.active)} as boolean), true)"
    if matched.ended:
        active = f"{identifier(matched.ended)} is null"
    stamp = matched.by_column.get(matched.table.stamp)
    synced = (
        _as_text(Column("_", "timestamp"), types[matched.synced], identifier(matched.synced))
        if matched.synced
        else "cast(null as varchar)"
    )
    newest = ", ".join(
        f"{identifier(name)} desc nulls last" for name in (stamp, matched.synced) if name
    )
    modified = _as_text(Column("_", "timestamp"), types[stamp], identifier(stamp)) if stamp else ""
    return f"""
        select
            {", ".join(cell(column) for column in matched.table.columns)},
            {
        f"coalesce(left({modified}, 19) || 'Z', {quote(iso(now))})" if stamp else quote(iso(now))
    } as _modified_at,
            case when {" or ".join([*flags, f"not ({active})"])} then 'true' else 'false' end
                as _is_deleted,
            {quote(iso(now))} as _extracted_at,
            {synced} as _synced
        from {relation}
        qualify row_number() over (
            partition by {identifier(matched.key)} order by {active} desc{
        f", {newest}" * bool(newest)
    }
        ) = 1
    """


def _as_text(column: Column, type_: str, expression: str) -> str:
    """A cell as raw has it from the source itself; a text that is no such value stays as it is."""
    text = f"nullif(trim(cast({expression} as varchar)), '')"
    if column.type == "timestamp":
        if type_.startswith(("TIMESTAMP", "DATE")):
            return f"strftime(cast({expression} as timestamp), '{MOMENT}')"
        # an offset may come as +0000
        moment = (
            f"try_cast(regexp_replace({text}, '([+-]\\d\\d)(\\d\\d)$', '\\1:\\2') as timestamptz)"
        )
        return (
            f"case when {text} like '____-__-__T__:__:__.___Z' then {text}"
            f" else coalesce(strftime(cast({moment} as timestamp), '{MOMENT}'), {text}) end"
        )
    if column.type == "date":
        return f"left({text}, 10)"
    return normalised(column, f"cast({expression} as varchar)")


def _refuse_bad_cells(con: duckdb.DuckDBPyConnection, matched: Matched, path: Path) -> None:
    """Refuse what staging could not cast.

    Raises:
        InputError: names table, id, column, value and reason of the first ones.
    """
    checks = [
        (
            column,
            f"{column.raw.name} is not null and {BAD[column.raw.type][0].format(column.raw.name)}",
        )
        for column in matched.table.columns
        if column.raw.type in BAD and column.raw.name in matched.by_column
    ]
    key = matched.table.key
    counts = con.execute(
        f"select {', '.join(f'count(*) filter ({bad})' for _, bad in checks) or '0'},"
        f" count(*) filter ({key} is null) from {quote(path)}"
    ).fetchall()[0]
    problems = []
    for (column, bad), count in zip(checks, counts, strict=False):
        if count:
            row_id, value = con.execute(
                f"select {key}, {column.raw.name} from {quote(path)} where {bad} order by 1 limit 1"
            ).fetchall()[0]
            problems.append(
                f"- {matched.by_column[column.raw.name]} of {row_id}: '{value}' "
                f"{BAD[column.raw.type][1]} ({count:,} such rows)"
            )
    if counts[-1]:
        problems.append(f"- {matched.key} is empty; every row needs it")
    if problems:
        raise InputError(
            "\n".join(
                [
                    f"{matched.table.source}: table {matched.found.name} in {matched.place.name} "
                    "has cells that cannot be used.",
                    *problems[:SHOWN_PROBLEMS],
                    "Correct them where they come from, or lay a view over the table that does "
                    "(docs/landed.md).",
                ]
            )
        )


def _mark_gone(
    con: duckdb.DuckDBPyConnection, table: LandedTable, schema: str, path: Path, now: dt.datetime
) -> tuple[int, int]:
    """Mark what is no longer in the landed table as deleted; how many now, and in all."""
    raw = f"{schema}.{table.raw}"
    absent = f"{table.key} not in (select {table.key} from {quote(path)})"
    gone, total = con.execute(
        f"select count(*) filter (_is_deleted = 'false'), count(*) from {raw} where {absent}"
    ).fetchall()[0]
    if gone:
        live = f"_is_deleted = 'false' and {absent}"
        con.execute("begin transaction")
        write_changed_months(con, [f"(select * from {raw} where {live})"], table.dated_by)
        con.execute(
            f"update {raw} set _is_deleted = 'true', _modified_at = $1, _extracted_at = $1"
            f" where {live}",
            [iso(now)],
        )
        con.execute("commit")
    return gone, total


def _since(matched: Matched, synced_to: str) -> Since:
    """From when on rows may be new."""
    assert matched.synced is not None
    try:  # dlt counts seconds, the others write times
        moment = str(float(synced_to) - LOOK_BACK.total_seconds())
    except ValueError:
        moment = (parse_moment(synced_to) - LOOK_BACK).date().isoformat()
    return Since(matched.key, ((matched.found, matched.key, matched.synced),), moment)


def _only(only: tuple[str, str | None]) -> str:
    column, value = only
    wanted = "is not null" if value is None else f"= {quote(value)}"
    return f"{identifier(column)} {wanted}"


def _only_of(query: Any, found: Found, only: Only) -> Any:
    """The query of SQLAlchemy, with only the rows that are wanted."""
    if only is None:
        return query
    column, value = only
    column_of = found.relation.c[column]
    return query.where(column_of.is_not(None) if value is None else column_of == value)


def _described(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    found = con.execute(f"describe select * from {relation}").fetchall()
    return {row[0]: row[1] for row in found}


def identifier(name: str) -> str:
    """The name as SQL of DuckDB quotes it."""
    return '"' + name.replace('"', '""') + '"'


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN_NAMES])
    return f"{shown}, …" if len(names) > SHOWN_NAMES else shown or "nothing"
