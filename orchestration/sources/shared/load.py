"""Load records into raw tables: only changes, safe to repeat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.core.errors import ScorecardError
from orchestration.core.settings import Settings
from orchestration.core.sql import read_sql, render_sql
from orchestration.sources.canonical import META_COLUMNS, TABLES, Table
from orchestration.warehouse.connection import quote, working_folder, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "raw_files"
HIGH_WATER_COLUMNS = ("updated_at", "occurred_at", "changed_at", "created_at")


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be used. `line` is a line of the file, or a row where it has none."""

    file: str
    line: int
    column: str
    value: str | None
    reason: str


@dataclass(frozen=True)
class TableLoad:
    """What a load did to one table. `rows` counts the rows that are now live in raw."""

    table_name: str
    rows: int
    rows_in_file: int
    rows_changed: int
    rows_deleted: int
    rows_quarantined: int
    high_water_mark: str | None
    skipped_unchanged: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Staged:
    """A table that was read and checked: a Parquet file in the shape of the raw table."""

    table: Table
    path: Path
    fingerprint: str
    rows_in_file: int
    quarantined: Sequence[Problem] = ()
    rows_quarantined: int = 0
    warnings: tuple[str, ...] = field(default=())


def iso(moment: dt.datetime) -> str:
    """Format a timestamp as raw tables store it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_due(last: dt.datetime | None, every: dt.timedelta, now: dt.datetime) -> bool:
    """Whether something that is done now and then is to be done again.

    It is, too, if it was last done after now: one of the two clocks was wrong.
    """
    return last is None or not now - every < last <= now


def raw_columns(table: Table) -> tuple[str, ...]:
    """The columns of the raw table, in order."""
    return (*(column.name for column in table.columns), *META_COLUMNS)


def create_raw_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of `raw_files`, so that every table can always be read."""
    con.execute(f"create schema if not exists {SCHEMA}")
    for table in TABLES:
        columns = ", ".join(f"{name} varchar" for name in raw_columns(table))
        con.execute(f"create table if not exists {SCHEMA}.{table.name} ({columns})")
    con.execute(read_sql(__package__, "raw_files"))


def unchanged(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    fingerprint: str,
    quarantine: bool,
    warnings: tuple[str, ...] = (),
) -> TableLoad | None:
    """Return the result of a load that has nothing to do, else None.

    Rows that were set aside are an error again as soon as nobody asks to set them aside.
    """
    last = con.execute(
        "select file_fingerprint, rows_in_file, rows_quarantined"
        f" from {SCHEMA}._loads where table_name = ? order by rowid desc limit 1",
        [table.name],
    ).fetchall()
    if not last or last[0][0] != fingerprint or (last[0][2] and not quarantine):
        return None
    return TableLoad(
        table.name,
        _live_rows(con, table),
        last[0][1],
        0,
        0,
        last[0][2],
        _high_water_mark(con, table),
        True,
        warnings,
    )


def load_staged(
    con: duckdb.DuckDBPyConnection,
    staged: Staged,
    *,
    full: bool,
    now: dt.datetime,
) -> TableLoad:
    """Merge a staged table into raw. After a crash at any point, calling it again repairs it.

    The fingerprint is forgotten first and recorded last; the changed months are written before
    the rows change. So a load that was cut short is done again, and no changed month is lost.
    """
    table = staged.table
    raw = f"{SCHEMA}.{table.name}"
    con.execute(
        f"update {SCHEMA}._loads set file_fingerprint = null where table_name = ?", [table.name]
    )
    is_first = con.execute(f"select 1 from {raw} limit 1").fetchall() == []
    replace = full or is_first
    if replace:
        delta = staged.path
        changed, deleted = staged.rows_in_file - staged.rows_quarantined, 0
    else:
        delta = staged.path.with_name(f"{table.name}.delta.parquet")
        _write_delta(con, staged, delta, now)
        changed, deleted = _count_delta(con, table, delta, now)
    if table.name == "activities" and (replace or changed or deleted):
        _write_changed_months(con, table, delta, everything=replace)
    if replace or changed or deleted:
        _write_rows(
            con,
            raw,
            raw_columns(table),
            delta,
            changed + deleted,
            of_keys=None if replace else _same_key(table, "raw", "file"),
        )
    _record(con, staged, changed + deleted, now)
    return TableLoad(
        table.name,
        _live_rows(con, table),
        staged.rows_in_file,
        changed,
        deleted,
        staged.rows_quarantined,
        _high_water_mark(con, table),
        False,
        staged.warnings,
    )


def _write_delta(
    con: duckdb.DuckDBPyConnection, staged: Staged, delta: Path, now: dt.datetime
) -> None:
    """Write the rows that are new, differ from raw or vanished from the file."""
    table = staged.table
    compared = [*(column.name for column in table.columns), "_is_deleted"]
    query = render_sql(
        __package__,
        "changed_rows",
        staged=quote(staged.path),
        raw=f"{SCHEMA}.{table.name}",
        same_key=_same_key(table, "raw", "file"),
        differs=_differs(compared, "file"),
        now=iso(now),
    )
    write_parquet(con, query, delta)


def _count_delta(
    con: duckdb.DuckDBPyConnection, table: Table, delta: Path, now: dt.datetime
) -> tuple[int, int]:
    file_says = (
        "coalesce(is_deleted, 'false')"
        if any(column.name == "is_deleted" for column in table.columns)
        else "'false'"
    )
    rows = con.execute(
        f"select count(*), count(*) filter (_is_deleted <> {file_says}) from {quote(delta)}"
    ).fetchall()
    total, deleted = rows[0]
    return total - deleted, deleted


def _write_changed_months(
    con: duckdb.DuckDBPyConnection, table: Table, delta: Path, *, everything: bool
) -> None:
    """Note the months of the old and new dates of changed rows."""
    among = "" if everything else f"semi join {quote(delta)} as delta using (activity_id)"
    raw = f"{SCHEMA}.{table.name} as raw {among}"
    write_changed_months(con, [quote(delta), raw], table.dated_by)


def write_changed_months(
    con: duckdb.DuckDBPyConnection, relations: Sequence[str], dated_by: Sequence[str]
) -> None:
    """Note the months in which activities change, a day wider on each side for time zones.

    Every source notes them in the one table that the incremental models read and the build clears.
    """
    if dated_by:
        con.execute(
            render_sql(__package__, "changed_months", relations=relations, dated_by=dated_by)
        )


def merge_records(
    con: duckdb.DuckDBPyConnection,
    *,
    schema: str,
    table: str,
    columns: Sequence[str],
    key: str,
    stamp: str | None,
    incoming: str,
    dated_by: Sequence[str],
    folder: Path,
) -> int:
    """Merge records of a source into a raw table by their id; how many were new or differed.

    What raw has already, or has newer, is left alone, so the same records may come any number of
    times and in any order.

    Args:
        con: the working warehouse.
        schema: schema of the raw table, which exists.
        table: name of the raw table.
        columns: its columns besides those of ingestion.
        key: the column that identifies a record.
        stamp: the column that says which of two versions is newer; None when what comes is.
        incoming: a query of the records in the shape of the raw table.
        dated_by: columns that place an activity in months; nothing for other records.
        folder: where a file can be written.
    """
    raw = f"{schema}.{table}"
    delta = folder / f"{table}.parquet"
    values = {"incoming": incoming, "raw": raw, "key": key, "stamp": stamp}
    differs = _differs(columns, "incoming")
    query = render_sql(__package__, "changed_records", differs=differs, **values)
    write_parquet(con, query, delta)
    changed = int(con.execute(f"select count(*) from {quote(delta)}").fetchall()[0][0])
    if changed:
        old = f"{raw} as raw semi join {quote(delta)} as delta using ({key})"
        write_changed_months(con, [quote(delta), old], dated_by)
        _write_rows(
            con,
            raw,
            (*columns, *META_COLUMNS),
            delta,
            changed,
            of_keys=f"raw.{key} = file.{key}",
            newest=f"partition by {key} order by {stamp} desc" if stamp else "",
        )
    return changed


def merge_page(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    page: pa.Table,
    *,
    schema: str,
    table: str,
    columns: Sequence[str],
    stamp: str,
    incoming: str,
    dated_by: Sequence[str],
) -> int:
    """Merge records that lie in memory, by `id`; `incoming` reads them from `page`."""
    con.register("page", page)
    try:
        with working_folder(settings) as folder:
            return merge_records(
                con,
                schema=schema,
                table=table,
                columns=columns,
                key="id",
                stamp=stamp,
                incoming=incoming,
                dated_by=dated_by,
                folder=Path(folder),
            )
    finally:
        con.unregister("page")


def mark_deleted(
    con: duckdb.DuckDBPyConnection,
    raw: str,
    which: str,
    dated_by: Sequence[str],
    now: dt.datetime,
    also: str = "",
) -> int:
    """Mark the live rows of a raw table that meet a condition as deleted; how many."""
    live = f"_is_deleted = 'false' and {which}"
    rows = f"(select * from {raw} where {live})"
    count = int(con.execute(f"select count(*) from {rows}").fetchall()[0][0])
    if count:
        con.execute("begin transaction")
        write_changed_months(con, [rows], dated_by)
        con.execute(
            f"update {raw} set _is_deleted = 'true'{also}, _modified_at = $1, _extracted_at = $1"
            f" where {live}",
            [iso(now)],
        )
        con.execute("commit")
    return count


def _write_rows(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    path: Path,
    rows: int,
    *,
    of_keys: str | None,
    newest: str = "",
) -> None:
    """Put the rows of a Parquet file in place of those with their keys, or of all.

    Args:
        con: the working warehouse.
        table: schema and name of the raw table.
        columns: the columns to write.
        path: the file.
        rows: how many rows change, for messages.
        of_keys: the condition on which a row of `raw` and one of `file` are the same record; None
            to replace the whole table.
        newest: the window whose first row is written, where the file may have a record twice.
    """
    names = ", ".join(columns)
    file = f"{quote(path)} as file"
    gone = f" as raw where exists (select 1 from {file} where {of_keys})" if of_keys else ""
    only = f" qualify row_number() over ({newest}) = 1" if newest else ""
    try:
        con.execute("begin transaction")
        con.execute(f"delete from {table}{gone}")
        con.execute(f"insert into {table} ({names}) select {names} from {file}{only}")
        con.execute("commit")
    except duckdb.Error as error:
        with suppress(duckdb.Error):  # a commit that failed has ended it already
            con.execute("rollback")
        raise ScorecardError(
            f"{table}: loading {rows:,} rows failed ({error}). "
            "Fix the cause and refresh again: the load is repeated."
        ) from error


def _record(con: duckdb.DuckDBPyConnection, staged: Staged, changed: int, now: dt.datetime) -> None:
    """Note quarantine and fingerprint together: the last thing a load does."""
    at = now.astimezone(dt.UTC).replace(tzinfo=None)
    con.execute("begin transaction")
    con.execute(f"delete from {SCHEMA}._quarantine where table_name = ?", [staged.table.name])
    bad = staged.quarantined
    con.execute(
        read_sql(__package__, "quarantine"),
        [
            staged.table.name,
            [problem.file for problem in bad],
            [problem.line for problem in bad],
            [problem.column for problem in bad],
            [problem.value for problem in bad],
            [problem.reason for problem in bad],
            at,
        ],
    )
    con.execute(
        f"insert into {SCHEMA}._loads values (?, ?, ?, ?, ?, ?)",
        [
            staged.table.name,
            at,
            staged.fingerprint,
            staged.rows_in_file,
            changed,
            staged.rows_quarantined,
        ],
    )
    con.execute("commit")


def _differs(columns: Sequence[str], other: str) -> str:
    return " or ".join(f"raw.{name} is distinct from {other}.{name}" for name in columns)


def _same_key(table: Table, left: str, right: str) -> str:
    return " and ".join(
        f"{left}.{name} {'is not distinct from' if table.column(name).nullable else '='}"
        f" {right}.{name}"
        for name in table.key
    )


def _live_rows(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    rows = con.execute(
        f"select count(*) from {SCHEMA}.{table.name} where _is_deleted = 'false'"
    ).fetchall()
    return int(rows[0][0])


def _high_water_mark(con: duckdb.DuckDBPyConnection, table: Table) -> str | None:
    names = {column.name for column in table.columns}
    marks = [f"max({name})" for name in HIGH_WATER_COLUMNS if name in names]
    if not marks:
        return None
    found = con.execute(f"select greatest({', '.join(marks)}) from {SCHEMA}.{table.name}")
    mark: str | None = found.fetchall()[0][0]
    return mark
