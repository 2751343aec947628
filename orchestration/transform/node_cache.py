"""Decide which dbt nodes a refresh can skip, and remember what each node was built from.

The working warehouse has a table `node_cache.nodes` with one row per source, seed, model and test.
A node is skipped while nothing upstream of it has changed (docs/incremental.md).

A crash cannot leave a row that is wrong: the row of a node is cleared before the node is built.
dbt writes the row of a model in the transaction that builds it (macro `record_node`), and `record`
adds the results of nodes that succeeded. A node may be built once too often, never too rarely.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from orchestration.core.fingerprint import code_version, hash_values, rows_hash
from orchestration.core.results import CheckResult
from orchestration.core.settings import Settings
from orchestration.warehouse.connection import connect

if TYPE_CHECKING:
    import duckdb

# the days that SQL reads from the environment
DAYS = ("SCORECARD_AS_OF_DATE", "SCORECARD_GOALS_DUE_DATE")
# lists the changed months of other tables, and is emptied after each build
CHANGED_MONTHS = "_changed_months"
ACTIVITIES = ("raw_files", "activities")
# content_hash   sources: hash of the rows; models: see the macro `record_node`
# input_hash     models: hash of the compiled SQL and of the content hashes of the inputs
# upstream_hash  seeds, models, tests: hash of everything upstream; null until built from that
# result_json    dbt's event of the node, and the check result if it is a test
COLUMNS = (
    "node_id varchar, content_hash varchar, input_hash varchar, upstream_hash varchar,"
    " result_json varchar"
)


@dataclass(frozen=True)
class CachedResult:
    """An earlier build's result: dbt's event of the node, and the check result of a test."""

    event: Mapping[str, Any]
    check: CheckResult | None


@dataclass(frozen=True)
class Plan:
    """The hash of everything upstream of each node, parents first, and the nodes to skip.

    Without a version nothing is skipped and nothing is recorded.
    """

    version: str
    upstream_hashes: Mapping[str, str]
    unchanged: Mapping[str, CachedResult]


def plan(
    settings: Settings,
    manifest: Mapping[str, Any],
    days: Mapping[str, str],
    *,
    full: bool,
    is_recorded: bool,
) -> Plan:
    """Find the nodes to skip, and clear the rows of all others.

    Args:
        settings: The company whose warehouse is built.
        manifest: dbt's manifest.
        days: The variables of `DAYS` that this build sets.
        full: Skip nothing, and forget all earlier builds.
        is_recorded: Whether to use the cache; other engines than DuckDB never do.
    """
    days = {name: days.get(name, os.environ.get(name, "")) for name in DAYS}
    version = f"{code_version(settings)} {','.join(settings.sources)}"
    nodes = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("seed", "model", "test")
    }
    if settings.target != "duckdb" or not is_recorded:
        return Plan("", _upstream_hashes(manifest, nodes, {}, version, days), {})
    with connect(settings) as connection:
        _create_table(connection)
        if full:
            connection.execute("delete from node_cache.nodes")
        source_hashes = _record_sources(connection, manifest, nodes)
        upstream_hashes = _upstream_hashes(manifest, nodes, source_hashes, version, days)
        unchanged = _unchanged(connection, nodes, upstream_hashes)
        connection.execute(
            "update node_cache.nodes set upstream_hash = null, result_json = null"
            " where node_id = any(?)",
            [[name for name in nodes if name not in unchanged]],
        )
    return Plan(version, upstream_hashes, unchanged)


def record(
    settings: Settings,
    planned: Plan,
    succeeded: Collection[str],
    events: Sequence[Mapping[str, Any]],
    checks: Mapping[str, CheckResult],
) -> None:
    """Record the upstream hash and the result of each node that succeeded."""
    if not planned.version:
        return
    results = {
        name: json.dumps([event, asdict(checks[name]) if name in checks else None], default=str)
        for event in events
        if (name := event["data"]["node_info"]["unique_id"]) in succeeded
    }
    with connect(settings) as connection:
        connection.execute("begin transaction")
        connection.execute(
            "create temp table results as select unnest(?::varchar[]) as node_id,"
            " unnest(?::varchar[]) as upstream_hash, unnest(?::varchar[]) as result_json",
            [
                list(results),
                [planned.upstream_hashes[name] for name in results],
                list(results.values()),
            ],
        )
        # seeds and tests have no row yet
        connection.execute(
            "insert into node_cache.nodes (node_id)"
            " select node_id from results anti join node_cache.nodes using (node_id)"
        )
        connection.execute(
            "update node_cache.nodes"
            " set upstream_hash = results.upstream_hash, result_json = results.result_json"
            " from results where nodes.node_id = results.node_id"
        )
        connection.execute("commit")


def _create_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table; one with the columns of another version of the code is dropped."""
    found = connection.execute(
        "select string_agg(column_name || ' ' || lower(data_type), ', ' order by column_index)"
        " from duckdb_columns() where schema_name = 'node_cache'"
    ).fetchall()
    if found != [(COLUMNS,)]:
        connection.execute("drop schema if exists node_cache cascade")
        connection.execute("create schema node_cache")
        connection.execute(f"create table node_cache.nodes ({COLUMNS})")


def _unchanged(
    connection: duckdb.DuckDBPyConnection,
    nodes: Mapping[str, Mapping[str, Any]],
    upstream_hashes: Mapping[str, str],
) -> dict[str, CachedResult]:
    """Return the nodes that were last built from the same, if their relations still exist."""
    stored = connection.execute(
        "select node_id, upstream_hash, result_json from node_cache.nodes"
        " where upstream_hash is not null"
    ).fetchall()
    relations = set(
        connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    )
    return {
        name: _read_result(result_json)
        for name, upstream_hash, result_json in stored
        if upstream_hashes.get(name) == upstream_hash
        and (
            nodes[name]["resource_type"] == "test"
            or (nodes[name]["schema"], nodes[name]["name"]) in relations
        )
    }


def _read_result(result_json: str) -> CachedResult:
    event, check = json.loads(result_json)
    return CachedResult(event, CheckResult(**check) if check else None)


def _record_sources(
    connection: duckdb.DuckDBPyConnection,
    manifest: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
) -> dict[str, str]:
    """Replace the content hash of each raw table that a node reads, and return them."""
    read = {parent for node in nodes.values() for parent in node["depends_on"].get("nodes", [])}
    before = dict(
        connection.execute(
            "select node_id, content_hash from node_cache.nodes where node_id like 'source.%'"
        ).fetchall()
    )
    hashes = {}
    for name in sorted(read & manifest["sources"].keys()):
        source = manifest["sources"][name]
        if source["name"] == CHANGED_MONTHS:
            hashes[name] = ""
        elif (source["schema"], source["identifier"]) == ACTIVITIES:
            hashes[name] = _hash_activities(connection, before.get(name, ""))
        else:
            hashes[name] = _hash_rows(connection, f'"{source["schema"]}"."{source["identifier"]}"')
    connection.execute("delete from node_cache.nodes where node_id like 'source.%'")
    for name, content_hash in hashes.items():
        connection.execute(
            "insert into node_cache.nodes (node_id, content_hash) values (?, ?)",
            [name, content_hash],
        )
    return hashes


def _hash_activities(connection: duckdb.DuckDBPyConnection, before: str) -> str:
    """Hash the one large table by what ingestion records of its changes, not by all its columns.

    These are the stamps of the rows, and the months with changes, which are listed until they are
    built. Reading all columns of ten million rows costs as much as a model.
    """
    (changed,) = connection.execute(
        f"select count(*) from raw_files.{CHANGED_MONTHS} where table_name = 'activities'"
    ).fetchall()
    stamps = _hash_rows(
        connection, f"(select _modified_at, _is_deleted from {'.'.join(ACTIVITIES)})"
    )
    _, _, version = before.rpartition(" ")
    return f"{stamps} {uuid4().hex if changed[0] or not version else version}"


def _hash_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    (row,) = connection.execute(f"select {rows_hash('held')} from {relation} as held").fetchall()
    return str(row[0])


def _upstream_hashes(
    manifest: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    source_hashes: Mapping[str, str],
    version: str,
    days: Mapping[str, str],
) -> dict[str, str]:
    """Hash what is upstream of each node: version, raw tables, and the days if SQL reads them."""

    @cache
    def macro_reads_days(macro: str) -> bool:
        if not macro.startswith("macro.sales_scorecard."):
            return False
        content = manifest["macros"][macro]
        return _names_days(content["macro_sql"]) or any(
            map(macro_reads_days, content["depends_on"]["macros"])
        )

    @cache
    def upstream(name: str) -> frozenset[str]:
        if name not in nodes:
            return frozenset([f"{name} {source_hashes.get(name, '')}"])
        node = nodes[name]
        reads_days = _names_days(node.get("raw_code", "")) or any(
            map(macro_reads_days, node["depends_on"].get("macros", []))
        )
        own = {repr(sorted(days.items()))} if reads_days else set()
        return frozenset(own.union(*map(upstream, node["depends_on"].get("nodes", []))))

    parents = {name: node["depends_on"].get("nodes", []) for name, node in nodes.items()}
    return {
        name: hash_values(version, sorted(upstream(name)))
        for name in TopologicalSorter(parents).static_order()
        if name in nodes
    }


def _names_days(sql: str) -> bool:
    return any(day in sql for day in DAYS)
