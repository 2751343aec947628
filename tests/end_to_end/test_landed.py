"""From tables that other tools landed to published scorecards: the Maven sample."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.connectors import salesforce
from orchestration.settings import REPOSITORY, Settings
from tests.end_to_end.test_real_data import SALESFORCE, needs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), needs(SALESFORCE)]

OBJECTS = ("User", "UserRole", "Account", "Opportunity")
NOW = dt.datetime(2018, 1, 2, 6, tzinfo=dt.UTC)
LANDED = {
    "SCORECARD_SALESFORCE_OBJECTS": ",".join(OBJECTS),
    "SCORECARD_SALESFORCE_FIELDS": "User.region=Department",
}
FIGURES = """
    select
        count(distinct rep_id),
        cast(sum(actual) filter (metric_id = 'deals_won') as bigint),
        cast(sum(actual) filter (metric_id = 'deals_lost') as bigint),
        cast(sum(actual) filter (metric_id = 'revenue_won') as bigint)
    from marts.scorecard_rep_metrics
    where period_type = 'year' and is_current
"""


def _land(file: Path) -> None:
    """The sample in schema `fivetran`, typed and in snake case, and in `airbyte` as text."""
    with duckdb.connect(str(file)) as con:
        con.execute("set TimeZone = 'UTC'; create schema fivetran; create schema airbyte")
        con.execute(
            "create table airbyte.\"UserRole\" as from (values ('00E000000000001AAA', 'Agent'),"
            " ('00E000000000002AAA', 'Manager')) as t (\"Id\", \"Name\")"
        )
        for name in ("User", "Account", "Opportunity"):
            con.execute(
                f'create table airbyte."{name}" as'
                f" from read_csv('{SALESFORCE / name}.csv', all_varchar = true)"
            )
        for name in OBJECTS:
            columns = [row[0] for row in con.execute(f'describe airbyte."{name}"').fetchall()]
            if "SystemModstamp" not in columns:
                con.execute(
                    f'alter table airbyte."{name}" add column "SystemModstamp" varchar'
                    " default '2017-12-31T00:00:00.000+0000'"
                )
                columns.append("SystemModstamp")
            types = {
                "Amount": "double", "IsClosed": "boolean", "IsWon": "boolean", "CloseDate": "date",
                "CreatedDate": "timestamp", "SystemModstamp": "timestamptz", "IsActive": "boolean",
            }  # fmt: skip
            cells = ", ".join(
                f"cast(replace(\"{column}\", '+0000', 'Z') as {types.get(column, 'varchar')}) as"
                f" {salesforce.snake(column)}"
                for column in columns
            )
            con.execute(
                f"create table fivetran.{salesforce.snake(name)} as select {cells},"
                " false as _fivetran_deleted, timestamptz '2018-01-01 03:00:00+00'"
                f' as _fivetran_synced from airbyte."{name}";'
                f'alter table airbyte."{name}" add column _airbyte_extracted_at timestamptz'
                " default '2018-01-01 03:00:00+00'"
            )


def test_the_figures_are_those_of_the_files_whoever_landed_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, file = tmp_path / "project", tmp_path / "landed.duckdb"
    leave_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project", ".dlt"):
        shutil.copytree(REPOSITORY / folder, project / folder, ignore=leave_out)
    shutil.copy(REPOSITORY / "pyproject.toml", project)
    shutil.copytree(
        REPOSITORY / "docs/examples/maven_salesforce/policy", project / "dbt_project/seeds/maven"
    )
    _land(file)
    monkeypatch.setenv("SCORECARD_DATABASE_URL", f"duckdb:///{file}")
    environment = {n: v for n, v in os.environ.items() if not n.startswith("SCORECARD_")}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "refresh", "--as-of", "2017-12-31",
         "--no-reports"],
        cwd=project,
        env={
            **environment,
            **LANDED,
            "PYTHONPATH": str(project),
            "SCORECARD_COMPANY": "maven",
            "SCORECARD_SOURCES": "salesforce",
            "SCORECARD_SALESFORCE_LANDED_IN": "fivetran",
            "SCORECARD_DATABASE_URL": f"duckdb:///{file}",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    published = project / "data/maven/published/current/scorecard.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute(FIGURES).fetchall() == [(35, 4238, 2473, 10005534)]

    # what Airbyte landed is read whole, and is not different in a single cell
    settings = replace(Settings(), company="maven", data_dir=project / "data")
    chosen = salesforce.SalesforceSettings.from_environment(
        {**LANDED, "SCORECARD_SALESFORCE_LANDED_IN": "airbyte"}
    )
    loads = salesforce.load_landed_salesforce(settings, chosen, now=NOW)
    assert {load.table_name: load.rows_in_file for load in loads}["opportunity"] == 8800
    assert sum(load.rows_changed + load.rows_deleted for load in loads) == 0
