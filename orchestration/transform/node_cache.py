"""What a build need not do again: nodes whose inputs hold what they held when they were built.

The working warehouse keeps track of itself in `built.nodes`. A row is written with what it is
about: that of a table or view in the transaction that builds it (macro `keep_track`), that of a
seed or test after it succeeded; and it is taken back before the node is touched. So after a crash
a node is built once too often, never once too seldom.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from orchestration.core.settings import Settings
from orchestration.quality.results import CheckResult
from orchestration.releases.publish import code_version
from orchestration.warehouse.connection import CONTENT_OF_ROWS, connect

if TYPE_CHECKING:
    import duckdb

# the days that reach SQL through the environment
DAYS = ("SCORECARD_AS_OF_DATE", "SCORECARD_GOALS_DUE_DATE")
# says what has changed in other tables, and is cleared after the build
CHANGES = "_changed_months"
ACTIVITIES = ("raw_files", "activities")
TABLES = {
    "nodes": "node varchar, built_from varchar, content varchar, inputs varchar, said varchar",
}


@dataclass(frozen=True)
class Built:
    """A node as it was built: dbt's event of it, and what it found if it is a test."""

    event: Mapping[str, Any]
    check: CheckResult | None


@dataclass(frozen=True)
class Plan:
    """What each node would be built from, after its parents, and the nodes built from just that."""

    version: str
    inputs: Mapping[str, str]
    standing: Mapping[str, Built]


def plan(
    settings: Settings,
    manifest: Mapping[str, Any],
    days: Mapping[str, str],
    *,
    full: bool,
    is_kept: bool,
) -> Plan:
    """Compare the inputs of every node with what it was built from.

    Inputs are the records of all raw tables it rests on, the days if its SQL or that of a node
    before it names them, and the version of code and policy. Nothing stands in a full build, nor
    if nobody keeps track, as on other engines than DuckDB.
    """
    days = {name: days.get(name, os.environ.get(name, "")) for name in DAYS}
    version = f"{code_version(settings)} {','.join(settings.sources)}"
    nodes = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("seed", "model", "test")
    }
    if settings.target != "duckdb" or not is_kept:
        return Plan("", _inputs(manifest, nodes, None, version, repr(days)), {})
    with connect(settings) as connection:
        _create_tables(connection)
        if full:
            connection.execute("delete from built.nodes")
        contents = _note_sources(connection, manifest, nodes)
        inputs = _inputs(manifest, nodes, contents, version, repr(sorted(days.items())))
        stored = connection.execute(
            "select node, inputs, said from built.nodes where inputs is not null"
        ).fetchall()
        relations = set(
            connection.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall()
        )
        standing = {
            name: _read(said)
            for name, built_from, said in stored
            if inputs.get(name) == built_from
            and (
                nodes[name]["resource_type"] == "test"
                or (nodes[name]["schema"], nodes[name]["name"]) in relations
            )
        }
        touched = [name for name in nodes if name not in standing]
        connection.execute(
            "update built.nodes set inputs = null, said = null where node = any(?)", [touched]
        )
    return Plan(version, inputs, standing)


def record(
    settings: Settings,
    planned: Plan,
    succeeded: Collection[str],
    events: Sequence[Mapping[str, Any]],
    checks: Mapping[str, CheckResult],
) -> None:
    """Record what seeds and tests that succeeded were built from, and every result."""
    if not planned.version:
        return
    said = {
        name: json.dumps([event, asdict(checks[name]) if name in checks else None], default=str)
        for event in events
        if (name := event["data"]["node_info"]["unique_id"]) in succeeded
    }
    with connect(settings) as connection:
        connection.execute("begin transaction")
        connection.execute(
            "create temp table said as select unnest(?::varchar[]) as node,"
            " unnest(?::varchar[]) as inputs, unnest(?::varchar[]) as said",
            [list(said), [planned.inputs[name] for name in said], list(said.values())],
        )
        connection.execute(
            "insert into built.nodes (node)"
            " select node from said anti join built.nodes using (node)"
        )
        connection.execute(
            "update built.nodes set inputs = said.inputs, said = said.said"
            " from said where nodes.node = said.node"
        )
        connection.execute("commit")


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables that keep track; those of another version of the code say nothing here."""
    known = dict(
        connection.execute(
            "select table_name, string_agg(column_name || ' ' || lower(data_type), ', '"
            " order by column_index) from duckdb_columns() where schema_name = 'built' group by 1"
        ).fetchall()
    )
    if known and known != TABLES:
        connection.execute("drop schema built cascade")
    connection.execute("create schema if not exists built")
    for table, columns in TABLES.items():
        connection.execute(f"create table if not exists built.{table} ({columns})")


def _read(said: str) -> Built:
    event, check = json.loads(said)
    return Built(event, CheckResult(**check) if check else None)


def _note_sources(
    connection: duckdb.DuckDBPyConnection,
    manifest: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
) -> dict[str, str]:
    """What each raw table that is read holds, whatever the order of its rows."""
    read = {parent for node in nodes.values() for parent in node["depends_on"].get("nodes", [])}
    known = dict(
        connection.execute("select node, content from built.nodes where node like 'source.%'")
        .fetchall()
    )  # fmt: skip
    contents = {}
    for name in sorted(read & manifest["sources"].keys()):
        source = manifest["sources"][name]
        table = f'"{source["schema"]}"."{source["identifier"]}"'
        if source["name"] == CHANGES:
            contents[name] = ""
        elif (source["schema"], source["identifier"]) == ACTIVITIES:
            contents[name] = _content_of_activities(connection, known.get(name, ""))
        else:
            contents[name] = _content(connection, table)
    connection.execute("delete from built.nodes where node like 'source.%'")
    for name, content in contents.items():
        connection.execute("insert into built.nodes (node, content) values (?, ?)", [name, content])
    return contents


def _content_of_activities(connection: duckdb.DuckDBPyConnection, known: str) -> str:
    """What the one large table holds, told by what ingestion notes of its changes.

    It stamps rows, and writes down the months in which they lie until these are built. Reading all
    columns of ten million rows costs as much as a model.
    """
    (noted,) = connection.execute(
        f"select count(*) from raw_files.{CHANGES} where table_name = 'activities'"
    ).fetchall()
    stamps = _content(connection, f"(select _modified_at, _is_deleted from {'.'.join(ACTIVITIES)})")
    _, _, version = known.rpartition(" ")
    return f"{stamps} {uuid4().hex if noted[0] or not version else version}"


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    (row,) = connection.execute(f"select {CONTENT_OF_ROWS} from {table} as held").fetchall()
    return str(row[0])


def _inputs(
    manifest: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    contents: Mapping[str, str] | None,
    version: str,
    days: str,
) -> dict[str, str]:
    """What each node is built from, the inputs of its inputs included."""

    @cache
    def names_days(macro: str) -> bool:
        if not macro.startswith("macro.sales_scorecard."):
            return False
        content = manifest["macros"][macro]
        return any(day in content["macro_sql"] for day in DAYS) or any(
            map(names_days, content["depends_on"]["macros"])
        )

    @cache
    def rests_on(name: str) -> frozenset[str]:
        if name not in nodes:  # a source
            return frozenset([f"{name} {contents[name] if contents else ''}"])
        node = nodes[name]
        has_days = any(day in node.get("raw_code", "") for day in DAYS) or any(
            map(names_days, node["depends_on"].get("macros", []))
        )
        own = {days} if has_days else set()
        return frozenset(own.union(*map(rests_on, node["depends_on"].get("nodes", []))))

    parents = {name: node["depends_on"].get("nodes", []) for name, node in nodes.items()}
    return {
        name: hashlib.sha256(repr((version, sorted(rests_on(name)))).encode()).hexdigest()
        for name in TopologicalSorter(parents).static_order()
        if name in nodes
    }
