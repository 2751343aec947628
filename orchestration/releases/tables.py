"""The marts inside the DuckDB file of a release: what it has already is not written again.

The file starts as a copy of the one before. A table is compared in parts (a period, a month): parts
that hold other rows are replaced, the rest stays where it lies. The as-of date is left out of the
comparison where all rows have the same, and set in the end: on most rows nothing else is new.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from orchestration.core.fingerprint import hash_values, rows_hash
from orchestration.core.sql import render_sql
from orchestration.warehouse.connection import STORAGE_VERSION, quote

# rows lie in the order in which most readers select them: by period, then by whom, then by metric
SORT_COLUMNS = (
    "period_type",
    "period_start",
    "date_day",
    "team_scope",
    "team",
    "role",
    "region",
    "rep_id",
    "valid_from",
    "metric_id",
    "slot_id",
    "goal_id",
    "rank",
)
# what the parts of a table have in common: the first of these that it has; else it is one part
PART_COLUMNS = (
    ("period_type", "period_start"),
    ("month_start_date",),
    ("week_start_date",),
    ("created_date",),
)
# a file of another layout is written anew
LAYOUT = f"{STORAGE_VERSION}, by {', '.join(SORT_COLUMNS)}"
AS_OF = "as_of_date"


@dataclass(frozen=True)
class Mart:
    """A mart as it stands in a database; what its parts hold lies in a temporary table."""

    name: str
    comment: str | None
    columns: tuple[tuple[str, str, str | None], ...]  # name, type, comment
    keys: tuple[str, ...]
    as_of: dt.date | None  # of all rows; None if they differ
    parts: str
    row_count: int
    fingerprint: str

    @property
    def shape(self) -> tuple[object, ...]:
        """What must be the same for parts to be exchanged."""
        return self.comment, self.columns, self.as_of is None


def read_marts(
    connection: duckdb.DuckDBPyConnection, database: str, but: Collection[str] = ()
) -> dict[str, Mart]:
    """The marts of an attached database with what they hold, whatever the order of their rows."""
    query = render_sql(__package__, "tables_of_marts", database=database)
    tables = connection.execute(query).fetchall()
    return {
        name: _read_mart(connection, database, name, comment, tuple(columns))
        for name, comment, columns in tables
        if name not in but
    }


def _read_mart(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    name: str,
    comment: str | None,
    columns: tuple[tuple[str, str, str | None], ...],
) -> Mart:
    names = {column for column, _, _ in columns}
    keys = next((keys for keys in PART_COLUMNS if names.issuperset(keys)), ())
    table, parts = (
        f"{database}.marts.{identifier(name)}",
        f"temp.{identifier(f'{database} {name}')}",
    )
    as_of = None
    if AS_OF in names:
        (days,) = connection.execute(f"select min({AS_OF}), max({AS_OF}) from {table}").fetchall()
        as_of = days[0] if days[0] == days[1] else None
    content = f"{rows_hash('held')} as content"
    compared = "*" if as_of is None else f"* exclude ({AS_OF})"
    connection.execute(
        f"create or replace temp table {identifier(f'{database} {name}')} as"
        f" select {', '.join((*keys, 'count(*) as row_count', content))}"
        f" from (select {compared} from {table}) as held"
        + (f" group by {', '.join(keys)}" if keys else "")
    )
    held = connection.execute(f"from {parts} order by all").fetchall()
    return Mart(
        name=name,
        comment=comment,
        columns=columns,
        keys=keys,
        as_of=as_of,
        parts=parts,
        row_count=sum(row[-2] for row in held),
        fingerprint=hash_values(held, as_of, comment, columns, LAYOUT, duckdb.__version__),
    )


def write_marts(
    connection: duckdb.DuckDBPyConnection, marts: Mapping[str, Mart], stay: Collection[str]
) -> None:
    """Make the marts of the attached `release` those of the attached `warehouse`.

    Args:
        connection: Has both attached.
        marts: Those of the warehouse.
        stay: The tables of the release that are right as they are.
    """
    differing = [mart for name, mart in marts.items() if name not in stay]
    released = read_marts(connection, "release", but=stay)
    patched = {
        mart.name
        for mart in differing
        if mart.name in released and _can_be_patched(connection, mart, released[mart.name])
    }
    for name in released.keys() - patched:
        connection.execute(f"drop table release.marts.{identifier(name)}")
    connection.execute("checkpoint release")  # what takes their place can lie where they lay
    for mart in differing:
        if mart.name in patched:
            _patch(connection, mart, released[mart.name])
        else:
            _write_whole(connection, mart)


def _can_be_patched(connection: duckdb.DuckDBPyConnection, mart: Mart, before: Mart) -> bool:
    """Whether the release has most of a table already; notes which parts differ."""
    if before.shape != mart.shape or not mart.keys:
        return False
    query = render_sql(
        __package__,
        "changed_rows",
        changed=_changed(mart),
        keys=mart.keys,
        same=" and ".join(f"ours.{key} is not distinct from theirs.{key}" for key in mart.keys),
        ours=mart.parts,
        theirs=before.parts,
    )
    connection.execute(query)
    (changed,) = connection.execute(f"select sum(row_count) from {_changed(mart)}").fetchall()
    return 2 * (changed[0] or 0) <= mart.row_count


def _patch(connection: duckdb.DuckDBPyConnection, mart: Mart, before: Mart) -> None:
    """Replace the parts that differ."""
    table, changed = f"marts.{identifier(mart.name)}", _changed(mart)
    same = " and ".join(f"held.{key} is not distinct from changed.{key}" for key in mart.keys)
    connection.execute("begin transaction")
    connection.execute(
        f"delete from release.{table} as held using {changed} as changed where {same}"
    )
    if before.as_of != mart.as_of:
        connection.execute(f"update release.{table} set {AS_OF} = ?", [mart.as_of])
    connection.execute(
        f"insert into release.{table} select held.* from warehouse.{table} as held"
        f" semi join {changed} as changed on {same}{_order(mart)}"
    )
    connection.execute("commit")


def _write_whole(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    table = f"marts.{identifier(mart.name)}"
    connection.execute(
        f"create table release.{table} as select * from warehouse.{table}{_order(mart)}"
    )
    if mart.comment:
        connection.execute(f"comment on table release.{table} is {quote(mart.comment)}")
    for column, _, comment in mart.columns:
        if comment:
            connection.execute(
                f"comment on column release.{table}.{identifier(column)} is {quote(comment)}"
            )


def _changed(mart: Mart) -> str:
    return identifier(f"changed {mart.name}")


def _order(mart: Mart) -> str:
    names = {column for column, _, _ in mart.columns}
    order = ", ".join(column for column in SORT_COLUMNS if column in names)
    return f" order by {order}" if order else ""


def identifier(name: str) -> str:
    """A name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
