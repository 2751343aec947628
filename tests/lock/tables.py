"""Published tables as sorted Parquet, and what tells two sets of them apart, cell by cell."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

# what says when and by which code a release was made: never twice the same
RUN = ("release_id", "published_at")
LEFT_OUT: Mapping[str, Sequence[str]] = {
    "releases": (*RUN, "code_version"),
    "scorecard_history": RUN,
    "scorecard_restatements": RUN,
    # a description is documentation, which may be put in better words
    "data_checks": ("release_id", "checked_at", "description"),
}
READ: Mapping[str, str] = {
    # of what HubSpot does not stamp, the mark is the time of reading
    "releases": r"""(
        select * replace (regexp_replace(
            high_water_marks,
            '(raw_hubspot.(owner|pipeline_stage|property_option|deal_stage_history)": )"[^"]+"',
            '\1"read"', 'g'
        ) as high_water_marks) from marts.releases
    )""",
    # checks of models that are not published name steps of the code, which may be cut differently
    "data_checks": """(
        from marts.data_checks
        where layer = 'raw' or table_name in (select table_name from duckdb_tables())
    )""",
}
FLOATS = ("DOUBLE", "FLOAT")
# DuckDB adds in the order in which threads finish. Goals are rounded to nine digits, so that such
# noise may move one by a step of the ninth digit, which is more than 1e-9 of a goal below 1
RELATIVE, ABSOLUTE = 1e-9, 2e-9
EXAMPLES = 3
SHOWN = 60  # characters of a text
LISTING = "tables.json"

Columns = Mapping[str, str]


def write_tables(database: Path, folder: Path) -> dict[str, int]:
    """Write the published tables of a company, sorted, and list them with hashes; their rows."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    listing: dict[str, Any] = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        published = connection.execute(
            "select table_name, map(list(column_name), list(data_type)) from duckdb_columns()"
            " where schema_name = 'marts' group by 1 order by 1"
        ).fetchall()
        for table, columns in published:
            path = folder / f"{table}.parquet"
            kept = {c: t for c, t in columns.items() if c not in LEFT_OUT.get(table, ())}
            connection.execute(
                f"copy (select {_listed(kept)} from {READ.get(table, f'marts.{table}')}"
                f" order by {_listed(_exact_first(kept))}) to '{path}' (format parquet)"
            )
            listing[table] = {
                "columns": columns,  # also those that are left out
                "rows": _value(connection, f"select count(*) from '{path}'"),
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
    (folder / LISTING).write_text(json.dumps(listing, indent=1))
    return {table: said["rows"] for table, said in listing.items()}


def compare_tables(before: Path, after: Path) -> list[str]:
    """Say what differs between the tables of a company in two folders; nothing if nothing does."""
    old, new = (json.loads((folder / LISTING).read_text()) for folder in (before, after))
    lines = [f"{table}: only before" for table in old if table not in new]
    lines += [f"{table}: only after" for table in new if table not in old]
    for table in (table for table in old if table in new and old[table] != new[table]):
        found = _compare_columns(old[table]["columns"], new[table]["columns"])
        if old[table]["sha256"] != new[table]["sha256"]:
            name = f"{table}.parquet"
            found += _compare_rows(before / name, after / name)
        if found:
            lines += [f"{table}: {old[table]['rows']} rows before, {new[table]['rows']} after"]
            lines += [f"  {line}" for line in found]
    return lines


def _compare_columns(old: Columns, new: Columns) -> list[str]:
    lines = [f"column {name} only before" for name in old if name not in new]
    lines += [f"column {name} only after" for name in new if name not in old]
    shared = [name for name in old if name in new]
    lines += [
        f"column {name} was {old[name]}, is {new[name]}"
        for name in shared
        if old[name] != new[name]
    ]
    if not lines and list(old) != list(new):
        lines += ["columns have another order"]
    return lines


def _compare_rows(before: Path, after: Path) -> list[str]:
    with duckdb.connect() as connection:
        old, new = (_columns(connection, path) for path in (before, after))
        shared = {name: kind for name, kind in old.items() if name in new}
        key = _find_key(connection, before, shared)
        on = " and ".join(f'o."{name}" is not distinct from n."{name}"' for name in (*key, "#"))
        for name, path in (("o", before), ("n", after)):
            # rows of the same key, which only a table without a key has, are paired in their order
            connection.execute(
                f"create temp table {name} as select *, row_number() over (partition by"
                f" {_listed(key)} order by {_listed(_exact_first(shared))}) as \"#\" from '{path}'"
            )
        pairs = f"o full outer join n on {on}"
        lines = []
        for said, side, other in (("before", "o", "n"), ("after", "n", "o")):
            lines += _say(
                connection, f"only {said}, rows", f"from {pairs} where {other}.\"#\" is null", key,
                side,
            )  # fmt: skip
        for name, kind in shared.items():
            differs = _differs(name, kind, new[name])
            rows = f'from {pairs} where o."#" is not null and n."#" is not null and {differs}'
            lines += _say(connection, f"{name}, cells", rows, key, "o", name)
        return lines


def _say(
    connection: duckdb.DuckDBPyConnection, what: str, rows: str, key: Sequence[str], side: str,
    column: str | None = None,
) -> list[str]:  # fmt: skip
    """Count rows, and show the first with their key and what the column had before and has."""
    count = _value(connection, f"select count(*) {rows}")
    if not count:
        return []
    keys = [f'{side}."{name}"' for name in key]
    values = [f'o."{column}"', f'n."{column}"'] if column else []
    listed = ", ".join([*keys, *values])
    first = f"select {listed} {rows} order by {', '.join(keys)} limit {EXAMPLES}"
    lines = [f"{what}: {count}"]
    for row in connection.execute(first).fetchall():
        at = ", ".join(f"{name} {cell}" for name, cell in zip(key, row, strict=False))
        lines += [f"  {at}" + (f": {_cut(row[-2], row[-1])}" if column else "")]
    return lines


def _cut(old: object, new: object) -> str:
    """Say what was and what is; of long texts, from where they part."""
    texts = (repr(old), repr(new))
    part = next((i for i, (x, y) in enumerate(zip(*texts, strict=False)) if x != y), 0)
    start = max(0, part - SHOWN // 2)
    return " → ".join(("…" if start else "") + text[start : start + SHOWN] for text in texts)


def _differs(name: str, old: str, new: str) -> str:
    o, n = f'o."{name}"', f'n."{name}"'
    if old != new:  # is reported as such; the text of both can be compared
        return f"cast({o} as varchar) is distinct from cast({n} as varchar)"
    if old not in FLOATS:
        return f"{o} is distinct from {n}"
    near = f"abs({o} - {n}) <= {ABSOLUTE} + {RELATIVE} * greatest(abs({o}), abs({n}))"
    return f"({o} is distinct from {n} and not coalesce(isfinite({o} - {n}) and {near}, false))"


def _find_key(connection: duckdb.DuckDBPyConnection, path: Path, columns: Columns) -> Sequence[str]:
    """Find few columns that tell all rows apart: ids and dates before others, first before last."""
    key = list(columns)

    def distinct(names: Sequence[str]) -> int:
        found = f"select count(*) from (select distinct {_listed(names)} from '{path}')"
        return int(_value(connection, found))

    everything = distinct(key)
    ends = ("_id", "_date", "date_day", "_type", "_start", "_name")
    for name in sorted(reversed(list(columns)), key=lambda name: name.endswith(ends)):
        fewer = [other for other in key if other != name]
        if fewer and distinct(fewer) == everything:
            key = fewer
    return key


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    described = connection.execute(f"describe select * from '{path}'").fetchall()
    return {name: kind for name, kind, *_ in described}


def _exact_first(columns: Columns) -> list[str]:
    """Columns in an order to sort by: noise in a figure must not move a row."""
    return sorted(columns, key=lambda name: columns[name] in FLOATS)


def _listed(columns: Sequence[str] | Columns) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _value(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]
