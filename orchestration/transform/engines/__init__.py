"""The engine that computes the scorecards, where it is not the working DuckDB file itself.

The seam: sources are read, checked and kept as raw tables in the working DuckDB file, on every
engine. `load_raw` copies what changed of them to the engine, dbt builds there, and `fetch` brings
back the marts and what the checks of the marts read. From there on nothing knows of an engine: the
same checks, release, history and pages read the working file.

An engine says how parts of a table are replaced and how a table is read, both in Arrow batches.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pyarrow as pa

from orchestration.core.fingerprint import hash_values, rows_hash
from orchestration.core.settings import Settings
from orchestration.sources.registry import enabled_sources
from orchestration.warehouse.connection import connect, quote

if TYPE_CHECKING:
    from orchestration.transform.dbt_runner import DbtProject

# names the part of a raw table that a row belongs to: a month of activities, or all of the table
PART = "_part"
BATCH_ROWS = 100_000
Relation = tuple[str, str]


@dataclass(frozen=True)
class Copy:
    """What to copy of a raw table: the parts that differ, and those that vanished.

    `is_whole`: nothing of the table as the engine has it stays.
    """

    relation: Relation
    fingerprints: Mapping[str, str]
    gone: Sequence[str]
    is_whole: bool
    rows: pa.RecordBatchReader


class Engine(Protocol):
    """The interface of an engine; nothing else in Python depends on which one it is."""

    def copied(self) -> Mapping[Relation, Mapping[str, str]]:
        """Return the fingerprint of each part of each raw table that the engine has."""

    def replace(self, copy: Copy) -> None:
        """Replace the parts of a copy as one step; create the table if need be."""

    def read(
        self, relation: Relation, columns: Sequence[str]
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """All rows of a table or view, during the block; all columns if none is named."""


def address(settings: Settings) -> str:
    """Return the address of the engine, without secrets; empty for the working DuckDB file.

    Raises:
        ConfigError: the engine's address is not configured.
    """
    return "" if settings.target == "duckdb" else _module(settings).address()


def environment(settings: Settings) -> Mapping[str, str]:
    """Return the variables that dbt needs besides those of the project."""
    return {} if settings.target == "duckdb" else _module(settings).environment()


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """Connect to the engine of the settings.

    Raises:
        ConfigError: its packages are not installed, or its settings are missing or wrong.
        ScorecardError: it cannot be reached.
    """
    with _module(settings).connect() as engine:
        yield engine


def _module(settings: Settings) -> Any:
    return importlib.import_module(f"orchestration.transform.engines.{settings.target}")


def load_raw(settings: Settings, project: DbtProject) -> dict[Relation, int]:
    """Copy what the engine's raw tables lack; return the rows copied per table that differed.

    Each part of a table has a fingerprint, which the engine keeps beside the copy: what is there
    already, whoever copied it when, is not copied again.
    """
    copied_rows = {}
    with connect(settings, read_only=True) as connection, open_engine(settings) as engine:
        copied = engine.copied()
        for relation in _sources(project):
            columns = _columns(connection, relation)
            query = _query(settings, relation, columns)
            parts = _parts(connection, query, columns)
            known = copied.get(relation, {})
            changed = {name: part for name, part in parts.items() if known.get(name) != part[0]}
            gone = sorted(known.keys() - parts.keys())
            if not changed and not gone:
                continue
            names = ", ".join(map(quote, changed)) or "null"
            rows = connection.sql(f"select * from ({query}) where {PART} in ({names})")
            engine.replace(
                Copy(
                    relation,
                    fingerprints={name: fingerprint for name, (fingerprint, _) in changed.items()},
                    gone=gone,
                    is_whole=changed.keys() == parts.keys(),
                    rows=rows.to_arrow_reader(BATCH_ROWS),
                )
            )
            copied_rows[relation] = sum(count for _, count in changed.values())
    return copied_rows


def fetch(settings: Settings, project: DbtProject, relations: Sequence[Relation]) -> None:
    """Copy all marts and the given tables from the engine into the working file."""
    nodes = {
        (node["schema"], node["name"]): node
        for node in project.content["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }
    marts = [relation for relation in nodes if relation[0] == "marts"]
    wanted = sorted({*marts, *(relation for relation in relations if relation in nodes)})
    with open_engine(settings) as engine, connect(settings) as connection:
        connection.execute("begin transaction")
        # delete what another engine left there too, and DuckDB's records of its own builds
        for schema in {"built", *(schema for schema, _ in nodes)}:
            connection.execute(f"drop schema if exists {schema} cascade")
        for schema, name in wanted:
            # the checks count the rows of staging: all, and those that are not deleted
            types = (
                {"is_deleted": "boolean"} if schema == "staging" else _types(nodes[schema, name])
            )
            columns = ", ".join(f"cast({c} as {t}) as {c}" for c, t in types.items()) or "*"
            connection.execute(f"create schema if not exists {schema}")
            with engine.read((schema, name), list(types)) as rows:
                connection.register("fetched", rows)
                connection.execute(
                    f"create or replace table {schema}.{name} as select {columns} from fetched"
                )
                connection.unregister("fetched")
        connection.execute("commit")


def _sources(project: DbtProject) -> list[Relation]:
    """Return the raw tables that are read: those of the enabled sources."""
    sources = project.content["sources"]
    read = {
        parent
        for node in project.content["nodes"].values()
        for parent in node.get("depends_on", {}).get("nodes", [])
        if parent in sources
    }
    return sorted((sources[name]["schema"], sources[name]["name"]) for name in read)


def _columns(connection: duckdb.DuckDBPyConnection, relation: Relation) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where schema_name = ? and table_name = ?"
        " order by column_index",
        list(relation),
    ).fetchall()
    return [column for (column,) in rows]


def _query(settings: Settings, relation: Relation, columns: Sequence[str]) -> str:
    schema, name = relation
    dates = [column for column in _dated_by(settings, relation) if column in columns]
    part = f"coalesce(left(coalesce({', '.join(dates)}), 7), '')" if dates else "''"
    return f"select {', '.join(columns)}, {part} as {PART} from {schema}.{name}"


def _dated_by(settings: Settings, relation: Relation) -> Sequence[str]:
    """The columns that place a record in a month, of records of which there may be millions."""
    schema, name = relation
    tables = {source.schema: source.tables for source in enabled_sources(settings)}
    return tables.get(schema, {}).get(name, ())


def _parts(
    connection: duckdb.DuckDBPyConnection, query: str, columns: Sequence[str]
) -> dict[str, tuple[str, int]]:
    """Fingerprint of each part, whatever the order of its rows, and how many rows it has."""
    rows = connection.execute(
        f"select {PART}, count(*), {rows_hash('held')} from ({query}) as held group by 1 order by 1"
    ).fetchall()
    parts = {}
    for name, count, content in rows or [("", 0, "")]:
        parts[name] = (hash_values(columns, duckdb.__version__, content), count)
    return parts


def _types(node: Mapping[str, Any]) -> dict[str, str]:
    """Return the column types from contracts and seeds; nothing where neither gives one."""
    if node["resource_type"] == "seed":
        types: dict[str, str] = node["config"]["column_types"]
        return types
    if not node["config"]["contract"]["enforced"]:
        return {}
    return {column["name"]: column["data_type"] for column in node["columns"].values()}
