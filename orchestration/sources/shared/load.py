"""Bring records into raw tables: only what changed, through dlt, safe to repeat."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.core.errors import ScorecardError
from orchestration.core.settings import Settings
from orchestration.sources.canonical import META_COLUMNS, TABLES, Table
from orchestration.warehouse.connection import quote

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
    """The moment as raw tables write it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def raw_columns(table: Table) -> tuple[str, ...]:
    """The columns of the raw table, in order."""
    return (*(column.name for column in table.columns), *META_COLUMNS)


def create_raw_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of `raw_files`, so that every table can always be read."""
    con.execute(f"create schema if not exists {SCHEMA}")
    for table in TABLES:
        columns = ", ".join(f"{name} varchar" for name in raw_columns(table))
        con.execute(f"create table if not exists {SCHEMA}.{table.name} ({columns})")
    con.execute(
        f"create table if not exists {SCHEMA}._quarantine (table_name varchar, file varchar,"
        " line bigint, column_name varchar, value varchar, reason varchar,"
        " quarantined_at timestamp)"
    )
    con.execute(
        f"create table if not exists {SCHEMA}._loads (table_name varchar, loaded_at timestamp,"
        " file_fingerprint varchar, rows_in_file bigint, rows_changed bigint,"
        " rows_quarantined bigint)"
    )
    con.execute(
        f"create table if not exists {SCHEMA}._changed_months"
        " (table_name varchar, month_start date)"
    )


def unchanged(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    fingerprint: str,
    quarantine: bool,
    warnings: tuple[str, ...] = (),
) -> TableLoad | None:
    """The result of a load that has nothing to do, or None when there is something to do.

    Rows that were set aside are an error again as soon as nobody asks to set them aside.
    """
    last = con.execute(
        "select file_fingerprint, rows_in_file, rows_quarantined"
        f" from {SCHEMA}._loads where table_name = ? order by loaded_at desc, rowid desc limit 1",
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
    settings: Settings,
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
    if replace and changed == 0:
        con.execute(f"delete from {raw}")
    elif replace:
        _load_file(con, settings, table, delta, changed, merge=False)
    elif changed or deleted:
        without_key = " or ".join(f"{name} is null" for name in table.key)
        if con.execute(f"select 1 from {quote(delta)} where {without_key} limit 1").fetchall():
            # dlt merges on equality, which an empty key part never satisfies
            contents = staged.path.with_name(f"{table.name}.contents.parquet")
            con.execute(
                f"copy (select raw.* from {raw} as raw anti join {quote(delta)} as delta"
                f" on {_same_key(table, 'raw', 'delta')} union all by name"
                f" select * from {quote(delta)}) to {quote(contents)} (format parquet)"
            )
            _load_file(con, settings, table, contents, changed + deleted, merge=False)
        else:
            _load_file(con, settings, table, delta, changed + deleted, merge=True)
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
    differs = " or ".join(f"raw.{name} is distinct from file.{name}" for name in compared)
    con.execute(
        f"""
        copy (
            select file.*
            from {quote(staged.path)} as file
            left join {SCHEMA}.{table.name} as raw on {_same_key(table, "raw", "file")}
            where raw._extracted_at is null or {differs}
            union all by name
            select raw.* replace (
                {quote(iso(now))} as _modified_at,
                'true' as _is_deleted,
                {quote(iso(now))} as _extracted_at
            )
            from {SCHEMA}.{table.name} as raw
            anti join {quote(staged.path)} as file on {_same_key(table, "raw", "file")}
            where raw._is_deleted = 'false'
        ) to {quote(delta)} (format parquet)
        """
    )


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
    if not dated_by:
        return
    dates = " union all ".join(
        f"select cast(left({column}, 10) as date) as day from {relation}"
        for column in dated_by
        for relation in relations
    )
    con.execute(
        f"""
        insert into {SCHEMA}._changed_months
        with days as (select distinct day from ({dates}) where day is not null)
        select distinct 'activities', cast(date_trunc('month', day + step) as date) as month
        from days cross join (values (-1), (0), (1)) as steps (step)
        where not exists (
            select 1 from {SCHEMA}._changed_months as known
            where known.table_name = 'activities'
                and known.month_start = cast(date_trunc('month', day + step) as date)
        )
        """
    )


def merge_records(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
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
        settings: the company.
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
    differs = " or ".join(f"raw.{name} is distinct from incoming.{name}" for name in columns)
    is_turned = "raw._is_deleted <> incoming._is_deleted"
    is_news = (
        f"(incoming.{stamp} >= raw.{stamp} and ({differs}))"
        f" or (incoming.{stamp} > raw.{stamp} and {is_turned})"
        if stamp
        else f"{differs} or {is_turned}"
    )
    con.execute(
        f"""
        copy (
            select incoming.*
            from ({incoming}) as incoming
            left join {raw} as raw on raw.{key} = incoming.{key}
            where raw._extracted_at is null or {is_news}
        ) to {quote(delta)} (format parquet)
        """
    )
    changed = int(con.execute(f"select count(*) from {quote(delta)}").fetchall()[0][0])
    if changed:
        old = f"{raw} as raw semi join {quote(delta)} as delta using ({key})"
        write_changed_months(con, [quote(delta), old], dated_by)
        _run_dlt(
            con,
            settings,
            schema,
            table,
            (*columns, *META_COLUMNS),
            delta,
            changed,
            merge_on=[key],
            newest_by=stamp,
        )
    return changed


def _load_file(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: Table,
    path: Path,
    rows: int,
    *,
    merge: bool,
) -> None:
    """Replace a table of `raw_files`, or merge into it."""
    key = list(table.key) if merge else None
    _run_dlt(con, settings, SCHEMA, table.name, raw_columns(table), path, rows, merge_on=key)


def _run_dlt(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    schema: str,
    table: str,
    columns: Sequence[str],
    path: Path,
    rows: int,
    *,
    merge_on: list[str] | None,
    newest_by: str | None = None,
) -> None:
    """Let dlt load a Parquet file as it is. What an earlier crash left pending is thrown away.

    Without a key to merge on the table is replaced.
    """
    import dlt  # takes seconds to import, and most refreshes have no changed file

    # dlt imports a file as it is only where both agree on which columns may hold a null
    required = con.execute(
        f"select name from parquet_schema({quote(path)}) where repetition_type = 'REQUIRED'"
    ).fetchall()
    filled = {column for (column,) in required} & set(META_COLUMNS)
    name = f"{schema}_{table}"
    pipelines_dir = settings.state_dir / "dlt"
    shutil.rmtree(pipelines_dir / name, ignore_errors=True)
    try:
        pipeline = dlt.pipeline(
            pipeline_name=name,
            pipelines_dir=str(pipelines_dir),
            destination=dlt.destinations.duckdb(con),
            dataset_name=schema,
        )
        pipeline.config.restore_from_destination = False
        resource = dlt.resource(
            [dlt.mark.with_file_import(str(path), "parquet", rows)],
            name=table,
            columns={
                column: {
                    "data_type": "text",
                    "nullable": column not in filled,
                    **({"dedup_sort": "desc"} if column == newest_by else {}),
                }
                for column in columns
            },
            file_format="parquet",
        )
        if merge_on:
            resource.apply_hints(
                write_disposition={"disposition": "merge", "strategy": "delete-insert"},
                primary_key=merge_on,
            )
        else:
            resource.apply_hints(write_disposition="replace")
        pipeline.run(resource).raise_on_failed_jobs()
    except Exception as error:
        raise ScorecardError(
            f"{schema}.{table}: loading {rows:,} rows failed ({error}). "
            "Fix the cause and refresh again: the load is repeated."
        ) from error
    finally:
        shutil.rmtree(pipelines_dir / name, ignore_errors=True)


def _record(con: duckdb.DuckDBPyConnection, staged: Staged, changed: int, now: dt.datetime) -> None:
    """Note quarantine and fingerprint together: the last thing a load does."""
    at = now.astimezone(dt.UTC).replace(tzinfo=None)
    con.execute("begin transaction")
    con.execute(f"delete from {SCHEMA}._quarantine where table_name = ?", [staged.table.name])
    bad = staged.quarantined
    con.execute(
        f"insert into {SCHEMA}._quarantine"
        " select ?, unnest(?::varchar[]), unnest(?::bigint[]), unnest(?::varchar[]),"
        " unnest(?::varchar[]), unnest(?::varchar[]), ?",
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
