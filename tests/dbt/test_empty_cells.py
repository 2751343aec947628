"""What must be filled is: in staging one test says so, in the marts the tables themselves do.

Where the words of a column stand in no seed, the tables know them as well.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.core.settings import REPOSITORY
from orchestration.transform import dbt_runner
from tests.dbt.conftest import Company

TEST = "tests/singular/assert_required_cells_are_filled.sql"
REQUIRED = re.findall(
    r"\('stg_files__(\w+)', '(\w+)'\)", (REPOSITORY / "dbt_project" / TEST).read_text("utf-8")
)
assert len(REQUIRED) == 17


@pytest.fixture(scope="module")
def copy(built: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A connection to a copy of the warehouse, where nothing that is done stays."""
    path = tmp_path_factory.mktemp("copy") / built.settings.warehouse_path.name
    shutil.copyfile(built.settings.warehouse_path, path)
    with duckdb.connect(str(path)) as connection:
        yield connection


@pytest.mark.parametrize(("table", "column"), REQUIRED)
def test_a_required_cell_that_is_empty_is_found(
    built: Company, copy: Any, table: str, column: str
) -> None:
    folder = dbt_runner.target_dir(built.settings) / "compiled" / "sales_scorecard"
    sql = (folder / TEST).read_text(encoding="utf-8")
    assert copy.execute(sql).fetchall() == []
    copy.execute("begin transaction")
    copy.execute(f"insert into raw_files.{table} by name select 'false' as _is_deleted")
    found = copy.execute(sql).fetchall()
    copy.execute("rollback")
    assert (f"stg_files__{table}", column, 1) in found


def test_no_mart_takes_a_null_where_its_contract_says_so(
    built: Company, models: Mapping[str, Mapping[str, Any]]
) -> None:
    declared = {
        (name, column["name"])
        for name, node in models.items()
        for column in node["columns"].values()
        if {"not_null"} & {constraint["type"] for constraint in column["constraints"]}
    }
    assert {"fct_goals_daily", "scorecard_rep_metrics", "dim_reps"} <= {
        name for name, _ in declared
    }
    enforced = set(
        built.rows(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'marts' and is_nullable = 'NO'"
        )
    )
    assert declared == enforced


def test_no_mart_takes_a_word_that_its_contract_does_not_know(
    built: Company, models: Mapping[str, Mapping[str, Any]]
) -> None:
    declared = {
        (name, constraint["expression"].split(" in ")[0])
        for name, node in models.items()
        for column in node["columns"].values()
        for constraint in column["constraints"]
        if constraint["type"] == "check"
    }
    assert {("scorecard_rep_metrics", "evidence"), ("scorecard_teams", "team_scope")} <= declared
    enforced = built.rows(
        "select table_name, constraint_column_names[1] from duckdb_constraints()"
        " where schema_name = 'marts' and constraint_type = 'CHECK'"
    )
    assert declared == set(enforced)


@pytest.mark.slow
def test_a_null_in_a_key_stops_the_build_of_a_mart(built: Company, tmp_path: Path) -> None:
    company = built.copy(tmp_path)
    company.add_policy("goals", scope="org", metric_id="dials", period="day", goal="1")
    outcomes = company.build("--select", "goals", "int_goals__unioned", "dim_goals")
    assert "NOT NULL constraint failed: dim_goals" in outcomes["dim_goals"]
