"""Tables that Fivetran, Airbyte, dlt or anybody else landed: another way into the same raw tables.

The tool is told apart by its columns, and a column is found by its name without case, underscores
and blanks, so `StageName`, `stage_name` and `Stage Name` are one. What is read goes into raw in
the same shape as what a connector reads itself; nothing after raw knows the difference.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.core.sql import render_sql
from orchestration.sources.canonical import Column
from orchestration.sources.files.problems import BAD, normalised
from orchestration.sources.landed.matching import (
    LandedColumn,
    LandedTable,
    Matched,
    do_without,
    match,
)
from orchestration.sources.landed.places import (
    MOMENT,
    Place,
    Since,
    described,
    identifier,
    open_place,
)
from orchestration.sources.shared.crm import parse_moment
from orchestration.sources.shared.load import is_due, iso, mark_deleted, merge_records
from orchestration.warehouse.connection import limits, quote, working_folder, write_parquet

# a tool may stamp a row earlier than others can see it
LOOK_BACK = dt.timedelta(days=1)

WHOLE_EVERY = dt.timedelta(days=7)

SHOWN_PROBLEMS = 5


@dataclass(frozen=True)
class LandedLoad:
    """What was brought into one raw table."""

    rows_read: int
    rows_changed: int
    rows_deleted: int
    columns: Mapping[str, str]
    warnings: tuple[str, ...]


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


def poll_landed(
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
    whole = full or synced_to is None or is_due(parse_moment(whole_at), WHOLE_EVERY, now)
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
            write_parquet(con, _in_raw_shape(con, matched, relation, now), path)
        except duckdb.Error as error:
            raise InputError(
                f"{table.source}: table {matched.found.name} in {place.name} cannot be read "
                f"({str(error).splitlines()[0]})."
            ) from error
        _refuse_bad_cells(con, matched, path)
        rows, mark = con.execute(f"select count(*), max(_synced) from {quote(path)}").fetchall()[0]
        changed = merge_records(
            con,
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
    types = described(con, relation)

    def cell(column: LandedColumn) -> str:
        name = matched.by_column.get(column.raw.name)
        if name is None:
            return "cast(null as varchar)"
        return _as_text(column.raw, types[name], identifier(name))

    def moment(name: str) -> str:
        return _as_text(Column("_", "timestamp"), types[name], identifier(name))

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
    versions = [identifier(name) for name in (stamp, matched.synced) if name]
    return render_sql(
        __package__,
        "raw_shape",
        cells={column.raw.name: cell(column) for column in matched.table.columns},
        modified_at=(
            f"coalesce(left({moment(stamp)}, 19) || 'Z', {quote(iso(now))})"
            if stamp
            else quote(iso(now))
        ),
        is_gone=" or ".join([*flags, f"not ({active})"]),
        now=iso(now),
        synced=moment(matched.synced) if matched.synced else "cast(null as varchar)",
        relation=relation,
        key=identifier(matched.key),
        newest=", ".join([f"{active} desc", *(f"{name} desc nulls last" for name in versions)]),
    )


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
    total = int(con.execute(f"select count(*) from {raw} where {absent}").fetchall()[0][0])
    return mark_deleted(con, raw, absent, table.dated_by, now), total


def _since(matched: Matched, synced_to: str) -> Since:
    """From when on rows may be new."""
    assert matched.synced is not None
    try:  # dlt counts seconds, the others write times
        moment = str(float(synced_to) - LOOK_BACK.total_seconds())
    except ValueError:
        moment = (parse_moment(synced_to) - LOOK_BACK).date().isoformat()
    return Since(matched.key, ((matched.found, matched.key, matched.synced),), moment)
