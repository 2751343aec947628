"""From tables that other tools landed to published scorecards: the Maven sample."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.connectors import salesforce
from orchestration.settings import Settings
from tests.end_to_end.maven import copy_project, figures, refresh
from tests.end_to_end.test_real_data import SALESFORCE, needs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), needs(SALESFORCE)]

OBJECTS = ("User", "UserRole", "Account", "Opportunity")
NOW = dt.datetime(2018, 1, 2, 6, tzinfo=dt.UTC)
LANDED = {
    "SCORECARD_SALESFORCE_OBJECTS": ",".join(OBJECTS),
    "SCORECARD_SALESFORCE_FIELDS": "User.region=Department",
}


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
    project, file = copy_project(tmp_path / "project"), tmp_path / "landed.duckdb"
    _land(file)
    monkeypatch.setenv("SCORECARD_DATABASE_URL", f"duckdb:///{file}")
    landed = {
        **LANDED,
        "SCORECARD_SOURCES": "salesforce",
        "SCORECARD_SALESFORCE_LANDED_IN": "fivetran",
        "SCORECARD_DATABASE_URL": f"duckdb:///{file}",
    }
    refresh(project, landed)
    assert figures(project) == (35, 4238, 2473, 10005534)

    # what Airbyte landed is read whole, and is not different in a single cell
    settings = replace(Settings(), company="maven", data_dir=project / "data")
    chosen = salesforce.SalesforceSettings.from_environment(
        {**LANDED, "SCORECARD_SALESFORCE_LANDED_IN": "airbyte"}
    )
    loads = salesforce.load_landed_salesforce(settings, chosen, now=NOW)
    assert {load.table_name: load.rows_in_file for load in loads}["opportunity"] == 8800
    assert sum(load.rows_changed + load.rows_deleted for load in loads) == 0
