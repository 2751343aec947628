"""From tables that other tools landed to published scorecards: the Maven sample."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import Settings
from orchestration.sources.hubspot import client as hubspot_client
from orchestration.sources.hubspot import landed as hubspot_landed
from orchestration.sources.salesforce import client as salesforce_client
from orchestration.sources.salesforce import landed as salesforce_landed
from orchestration.sources.salesforce import objects as salesforce_objects
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
                f" {salesforce_objects.snake(column)}"
                for column in columns
            )
            con.execute(
                f"create table fivetran.{salesforce_objects.snake(name)} as select {cells},"
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
    chosen = salesforce_client.SalesforceSettings.from_environment(
        {**LANDED, "SCORECARD_SALESFORCE_LANDED_IN": "airbyte"}
    )
    loads = salesforce_landed.load_landed_salesforce(settings, chosen, now=NOW)
    assert {load.table_name: load.rows_in_file for load in loads}["opportunity"] == 8800
    assert sum(load.rows_changed + load.rows_deleted for load in loads) == 0


# the sample as HubSpot would have it: companies and deals by number, closed at noon
HUBSPOT = f"""
create macro number(id) as cast(substr(id, 4, 12) as bigint);
create table owners as select number("Id") as id, "FirstName" as first, "LastName" as last,
    number("Id") || '@maven.example' as email from read_csv('{SALESFORCE}/User.csv');
create table companies as select number("Id") as id, "Name" as name, "Industry" as industry,
    "NumberOfEmployees" as numberofemployees,
    timestamp '2017-12-31' as hs_lastmodifieddate from read_csv('{SALESFORCE}/Account.csv');
create table deals as select number("Id") as id, number("OwnerId") as hubspot_owner_id,
    "StageName" as dealstage, 'default' as pipeline, "Amount" as amount,
    cast("CloseDate" as timestamp) + interval 12 hour as closedate,
    cast(replace("CreatedDate", '+0000', 'Z') as timestamptz) as createdate,
    number("AccountId") as hs_primary_associated_company,
    timestamp '2017-12-31' as hs_lastmodifieddate
from read_csv('{SALESFORCE}/Opportunity.csv', types = {{'CreatedDate': 'varchar'}});
create table stages as from (values ('Prospecting', 0.1), ('Engaging', 0.3), ('Closed Won', 1),
    ('Closed Lost', 0)) as t (id, probability);
"""


def _land_hubspot(con: duckdb.DuckDBPyConnection) -> None:
    """The sample in schema `fivetran`, typed, and in `airbyte` as text."""
    con.execute(f"set TimeZone = 'UTC'; create schema fivetran; create schema airbyte; {HUBSPOT}")
    for name, singular, key in (("companies", "company", "id"), ("deals", "deal", "deal_id")):
        columns = [row[0] for row in con.execute(f"describe {name}").fetchall()][1:]
        renamed = {"hubspot_owner_id": "owner_id", "pipeline": "deal_pipeline_id",
                   "dealstage": "deal_pipeline_stage_id"}  # fmt: skip
        typed = [f"{column} as {renamed.get(column, f'property_{column}')}" for column in columns]
        con.execute(
            f"create table fivetran.{singular} as select id as {key}, {', '.join(typed)},"
            f" false as _fivetran_deleted, timestamptz '2018-01-01' as _fivetran_synced from {name}"
        )
        texts = [f"cast({column} as varchar) as properties_{column}" for column in columns]
        con.execute(
            f"create table airbyte.{name} as select cast(id as varchar) as id, {', '.join(texts)},"
            f" false as archived, timestamptz '2018-01-01' as _airbyte_extracted_at from {name}"
        )
    con.execute(
        """
        create table fivetran.owner as
            select id as owner_id, email, first as first_name, last as last_name from owners;
        create table airbyte.owners as select cast(id as varchar) as id, email,
            first as "firstName", last as "lastName", false as archived, '[]' as teams from owners;
        create table fivetran.deal_pipeline_stage as select 'default' as pipeline_id,
            id as stage_id, id as label, probability, probability in (0, 1) as is_closed
            from stages;
        create table airbyte.deal_pipelines as select 'default' as "pipelineId", to_json(list(
            {'stageId': id, 'label': id, 'metadata': {'isClosed': probability in (0, 1),
            'probability': probability}})) as stages from stages;
        create table fivetran.deal_stage as select id as deal_id, dealstage as value,
            coalesce(cast(closedate as timestamptz), createdate) as date_entered from deals;
        create table airbyte.deals_property_history as select cast(deal_id as varchar) as "dealId",
            'dealstage' as property, value, epoch_ms(date_entered) as timestamp
            from fivetran.deal_stage;
        """
    )


def test_hubspot_s_figures_are_those_of_the_files_whoever_landed_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, file = copy_project(tmp_path / "project"), tmp_path / "landed.duckdb"
    with duckdb.connect(str(file)) as con:
        _land_hubspot(con)
        # neither tool lands what the role of a user is
        files = project / "data/maven/files"
        files.mkdir(parents=True)
        con.execute(
            'copy (select number("Id") as rep_id, "Name" as rep_name, case'
            " when \"UserRoleId\" like '%1AAA' then 'Agent' else 'Manager' end as role"
            f" from read_csv('{SALESFORCE}/User.csv')) to '{files}/reps.csv'"
        )
    monkeypatch.setenv("SCORECARD_DATABASE_URL", f"duckdb:///{file}")
    landed = {
        "SCORECARD_SOURCES": "hubspot",
        "SCORECARD_HUBSPOT_LANDED_IN": "fivetran",
        "SCORECARD_HUBSPOT_OBJECTS": "companies,deals",
        "SCORECARD_DATABASE_URL": f"duckdb:///{file}",
    }
    refresh(project, landed)
    assert figures(project) == (35, 4238, 2473, 10005534)

    # what Airbyte landed is read whole, and is not different in a single cell that counts
    settings = replace(Settings(), company="maven", data_dir=project / "data")
    chosen = hubspot_client.HubSpotSettings.from_environment(
        {**landed, "SCORECARD_HUBSPOT_LANDED_IN": "airbyte"}
    )
    loads = {one.table_name: one for one in hubspot_landed.load(settings, chosen, now=NOW)}
    assert loads["deal"].rows_in_file == 8800
    assert {name for name, one in loads.items() if one.rows_changed + one.rows_deleted} == set()
