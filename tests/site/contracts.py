"""The columns of published tables, as the code declares them: nothing is said a second time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import duckdb
import yaml

from orchestration.core.settings import REPOSITORY
from orchestration.releases import history
from orchestration.releases.succession import CHECK_SCHEMA, RELEASE_COLUMNS


class Column(NamedTuple):
    """A column of a published table, by its type in DuckDB."""

    type: str
    is_required: bool


Table = Mapping[str, Column]


def read_contracts() -> dict[str, Table]:
    """The columns of each published table, in their order."""
    marts = {
        model["name"]: {
            column["name"]: Column(
                column["data_type"],
                any(one["type"] == "not_null" for one in column.get("constraints", [])),
            )
            for column in model["columns"]
        }
        for path in sorted((REPOSITORY / "dbt_project/models/marts").glob("**/*.yml"))
        for model in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader).get("models", [])
    }
    return marts | _written_by_publishing(marts)


def _written_by_publishing(marts: Mapping[str, Table]) -> dict[str, Table]:
    read_from = {
        "metrics": marts["scorecard_rep_metrics"],
        "reps": marts["scorecard_reps"],
        "": {
            "$release_id": Column("varchar", True),
            "$published_at": Column("timestamp", True),
        },
    }
    said: dict[str, Table] = {
        history.HISTORY: {
            name: read_from[table][column]
            for name, (source, _) in history.COLUMNS.items()
            for table, _, column in [source.rpartition(".")]
        }
    }
    with duckdb.connect() as connection:
        connection.execute(f"create table releases ({RELEASE_COLUMNS})")
        connection.register("check_rows", CHECK_SCHEMA.empty_table())
        connection.execute("create table data_checks as select * from check_rows")
        for table in ("releases", "data_checks"):
            described = connection.execute(f"describe {table}").fetchall()
            said[table] = {name: Column(type_.lower(), False) for name, type_, *_ in described}
    return said
