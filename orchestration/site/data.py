"""The data of the pages: one compressed Arrow stream per table, or per value of a column.

Written from the published DuckDB file without Node: a folder per audience, with a `manifest.json`
that says which streams there are. A page fetches only the streams that its queries name.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.core.errors import PublishError
from orchestration.core.fingerprint import hash_bytes
from orchestration.core.settings import Settings
from orchestration.releases.audiences import (
    NOBODY,
    RULES,
    Audience,
    Company,
    SiteTable,
    View,
    find_audiences,
    known_folders,
    require_rules,
    write_listing,
)
from orchestration.releases.release import open_tables
from orchestration.site.folders import compress_files, link_or_copy

SCHEMA = "scorecard"

EVERYTHING = {"sees": "everything", "reader": ""}


@dataclass(frozen=True)
class Source:
    """A table of the site: the select that yields it and the column it is partitioned by."""

    table: str
    sql: str
    partitioned_by: str | None


def read_sources(folder: Path) -> list[Source]:
    """The selects in `reports/sources/*.sql`, in the order of their names.

    A first line `-- partitioned by <column>: …` gives each value of it a stream of its own.
    """
    sources = []
    for path in sorted(folder.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        partition = re.match(r"-- partitioned by (\w+)", sql)
        sources.append(Source(path.stem, sql, partition.group(1) if partition else None))
    return sources


def write_site_data(
    published_duckdb: Path,
    folder: Path,
    sources_dir: Path | None = None,
    company: Mapping[str, str] | None = None,
) -> None:
    """Write the data folder of a published DuckDB file: `manifest.json` and the streams.

    Dates and times become text: the engine of the pages turns a missing date into 1970.

    Args:
        published_duckdb: the published file; it is only read.
        folder: the folder to fill; it must not exist or be empty.
        sources_dir: the folder with one select per table.
        company: what the pages show of the company itself: `company_name`, `currency`, and
            `refreshed_at`, when the release was published by the company's clock.

    Raises:
        PublishError: a select does not fit the published file.
    """
    sources_dir = sources_dir or Settings().reports_project_dir / "sources"
    with open_tables(published_duckdb) as connection:
        tables = read_tables(connection, sources_dir)
    DataWriter(tables, company or {}, pool=None).write(folder, None, EVERYTHING)


def write_audiences(
    published_duckdb: Path,
    site: Path,
    sources_dir: Path,
    company: Mapping[str, str],
    analysts: Sequence[str] = (),
    *,
    previous: Path | None = None,
    pool: Path | None = None,
) -> list[Audience]:
    """Write a data folder per audience into `site`, and which login reads which of them.

    Args:
        published_duckdb: the published file; it is only read.
        site: the folder that gets `audiences/` and the listings.
        sources_dir: the folder with one select per table.
        company: what the pages show of the company itself.
        analysts: e-mails of those who see everything.
        previous: the site of before, whose folders keep their names.
        pool: where streams lie that later releases may link to.

    Raises:
        PublishError: a table has no rule, or a select does not fit the published file.
    """
    require_rules(source.table for source in read_sources(sources_dir))
    with open_tables(published_duckdb) as connection:
        people = Company(connection)
        tables = read_tables(connection, sources_dir)
    known = known_folders(previous) if previous else {}
    audiences, left_out = find_audiences(people, analysts, known)
    writer = DataWriter(tables, company, pool)
    for audience in audiences:
        folder = site / "audiences" / audience.folder
        if audience.person is None:
            writer.write(folder, None, EVERYTHING)
        else:
            reader = {"sees": "people", "reader": audience.person.name}
            writer.write(folder, View(people, audience.reps), reader)
    nothing = {"sees": "nothing", "reader": ""}
    writer.write(site / "audiences" / NOBODY, View(people, frozenset()), nothing)
    write_listing(site, audiences, left_out)
    return audiences


def read_tables(connection: duckdb.DuckDBPyConnection, sources_dir: Path) -> list[SiteTable]:
    """The tables of the site as the selects in `sources_dir` yield them.

    Raises:
        PublishError: a select does not fit the published file.
    """
    tables = []
    connection.execute("set search_path = 'marts'")
    for source in read_sources(sources_dir):
        try:
            rows = _read_table(connection, source.sql)
        except duckdb.Error as error:
            raise PublishError(
                f"{sources_dir / source.table}.sql does not fit the published file: {error}"
            ) from error
        tables.append(SiteTable(source.table, rows, source.partitioned_by))
    return tables


def _read_table(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The rows of a select in the plain types that the pages can show."""
    described = connection.execute(f"describe {sql}").fetchall()
    columns = []
    for name, kind, *_ in described:
        quoted = f'"{name}"'
        if kind == "DATE":
            columns.append(f"cast({quoted} as varchar) as {quoted}")
        elif kind.startswith("TIMESTAMP"):
            columns.append(f"strftime({quoted}, '%Y-%m-%d %H:%M') as {quoted}")
        elif kind in {"VARCHAR", "BOOLEAN", "DOUBLE"}:
            columns.append(quoted)
        else:
            columns.append(f"cast({quoted} as double) as {quoted}")
    return connection.sql(f"select {', '.join(columns)} from ({sql})").to_arrow_table()


class DataWriter:
    """Writes data folders; what several of them share is made and compressed once."""

    def __init__(
        self, tables: Sequence[SiteTable], company: Mapping[str, str], pool: Path | None
    ) -> None:
        """Take the tables, what the pages show of the company, and the pool of earlier streams."""
        self.tables = tables
        self.company = company
        self.pool = pool
        self.written: dict[tuple[str, Any], Path] = {}
        self.parts: dict[str, dict[str, pa.Table]] = {
            table.name: dict(_partitions(table.rows, table.partitioned_by))
            for table in tables
            if table.partitioned_by
        }
        if pool is not None:
            pool.mkdir(parents=True, exist_ok=True)

    def write(self, folder: Path, view: View | None, reader: Mapping[str, str]) -> None:
        """Fill the folder of an audience; of everything without a view."""
        folder.mkdir(parents=True, exist_ok=True)
        entries = {table.name: self._write_table(folder, table, view) for table in self.tables}
        about = {"company_name": "", "currency": "", "refreshed_at": "", **self.company, **reader}
        rows = pa.table({name: pa.array([value], pa.string()) for name, value in about.items()})
        entries["company"] = {
            "ddl": _ddl("company", rows),
            "file": self._write_stream(folder, "company", rows),
        }
        manifest = json.dumps({"renderedFiles": {SCHEMA: entries}})
        (folder / "manifest.json").write_text(manifest, encoding="utf-8")
        compress_files(folder)

    def _write_table(self, folder: Path, table: SiteTable, view: View | None) -> dict[str, object]:
        """Write the streams of a table and return its entry in the manifest."""
        ddl = _ddl(table.name, table.rows)
        if table.partitioned_by is not None:
            return {
                "ddl": ddl,
                "partitioned_by": table.partitioned_by,
                "files": self._write_parts(folder, table, view),
            }
        if view is None:
            key, rows = "everything", table.rows
        else:
            key = view.shared_key(table)
            rows = None if (table.name, key) in self.written else view.rows_of(table)
        if rows is not None and not rows.num_rows:
            return {"ddl": ddl, "file": None}
        return {"ddl": ddl, "file": self._write_stream(folder, table.name, rows, key)}

    def _write_parts(self, folder: Path, table: SiteTable, view: View | None) -> dict[str, str]:
        parts = self.parts[table.name]
        if view is None:
            return {
                value: self._write_stream(folder, table.name, rows, value)
                for value, rows in parts.items()
            }
        rule = RULES[table.name]
        if rule.rows != "own" or table.partitioned_by != "rep_id":
            raise PublishError(
                f"{table.name} is partitioned by {table.partitioned_by}, but only tables "
                "partitioned by rep_id can be shared out. Nothing was published."
            )
        is_shared = not (rule.team_columns or rule.organisation_columns or rule.left_empty)
        return {
            rep_id: self._write_stream(
                folder,
                table.name,
                parts[rep_id] if is_shared else view.without_small_groups(rule, parts[rep_id]),
                rep_id if is_shared else None,
            )
            for rep_id in sorted(view.reps & parts.keys())
        }

    def _write_stream(
        self, folder: Path, table: str, rows: pa.Table | None, key: Any = None
    ) -> str:
        """Write one compressed Arrow stream; its name changes with its content: it can be cached.

        Streams with the same key have the same rows: the first one is linked to.
        """
        known = self.written.get((table, key)) if key is not None else None
        if known is None:
            known = self._pack(folder, table, rows)
            if key is not None:
                self.written[table, key] = known
        target = folder / known.name
        if not target.exists():
            link_or_copy(str(known), str(target))
        return known.name

    def _pack(self, folder: Path, table: str, rows: pa.Table) -> Path:
        """The file of a stream: in the pool, where it may lie from an earlier release, or here."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(_copied(rows))
        content = sink.getvalue().to_pybytes()
        name = f"{table}.{hash_bytes(content)[:16]}.arrow.gz"
        path = (self.pool or folder) / name
        if not _holds(path, content):
            packed = gzip.compress(content, compresslevel=1, mtime=0)
            incoming = path.with_name(f".{name}.new")  # a crash must not leave half a stream
            incoming.write_bytes(packed)
            os.replace(incoming, path)
        return path


def _holds(path: Path, content: bytes) -> bool:
    """Whether a stream lies there whole: all pages of a later release would link to it."""
    try:
        return gzip.decompress(path.read_bytes()) == content
    except (OSError, EOFError, zlib.error):
        return False


def _copied(rows: pa.Table) -> pa.Table:
    """The same rows in memory of their own.

    Arrow writes a slice with up to 63 bytes of what lies behind it (the next rep's name), and a
    null with whatever lies beneath it; taking each row by its number leaves both behind.
    """
    return rows.take(pa.array(np.arange(rows.num_rows)))


def _ddl(table: str, rows: pa.Table) -> str:
    """The statement that creates a table of the site in the browser."""
    kinds = {pa.string(): "VARCHAR", pa.bool_(): "BOOLEAN", pa.float64(): "DOUBLE"}
    columns = ", ".join(f'"{field.name}" {kinds[field.type]}' for field in rows.schema)
    return f'CREATE OR REPLACE TABLE "{SCHEMA}"."{table}" ({columns});'


def _partitions(rows: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each value of `column`, by which the table is ordered."""
    values = rows.column(column).combine_chunks()
    runs = pc.run_end_encode(values)
    start = 0
    for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield value, rows.slice(start, end - start)
        start = end
