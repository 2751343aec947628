"""What becomes of HubSpot's objects: canonical records beside those of files and Salesforce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.core.settings import REPOSITORY
from orchestration.sources.hubspot import load as hubspot_load
from orchestration.sources.reference import write_reference
from orchestration.sources.salesforce import load as salesforce_load
from orchestration.transform import dbt_runner
from orchestration.warehouse.connection import connect
from tests.dbt.conftest import AS_OF, Company, differing_on_postgres
from tests.dbt.test_conventions import slips
from tests.transform.engines.conftest import Server

pytestmark = pytest.mark.slow


def models_of(source: str) -> list[str]:
    return [
        path.stem
        for layer in ("staging", "intermediate")
        for path in (REPOSITORY / "dbt_project/models" / layer / source).glob("*.sql")
    ]


MODELS = models_of("hubspot")
TABLES = [name.removeprefix("int_hubspot__") for name in MODELS if name.startswith("int_")]
UNIONS = (
    "int_crm_users__unioned", "int_rep_ids__matched", "int_quotas__unioned", "int_goals__of_quotas",
    "int_goals__unioned", "int_crm__reps", "int_crm__activities", "int_crm__opportunities",
)  # fmt: skip
BUILD = (
    "--resource-type",
    "model",
    "--resource-type",
    "seed",
    "--select",
    "rep_aliases",
    *MODELS,
    *models_of("salesforce"),
    *UNIONS,
)

# owner 41 is `caller` of the files, 42 a user of Salesforce, 43 and 44 one person who came back
RECORDS: Mapping[str, list[dict[str, str]]] = {
    "owner": [
        {"id": "41", "email": "Caller@acme.com", "first_name": "Cal", "user_id": "7"},
        {"id": "42", "email": "boss@acme.com", "first_name": "Bo"},
        {"id": "43", "email": "kim@acme.com", "first_name": "Kim", "last_name": "Ito",
         "is_archived": "true", "updated_at": "2026-02-03T00:00:00.000Z"},
        {"id": "44", "email": "kim@acme.com", "first_name": "Kim", "last_name": "Ito",
         "team": "North", "user_id": "8"},
        {"id": "45", "email": "gone@acme.com", "is_archived": "true",
         "updated_at": "2026-05-06T07:00:00.000Z"},
    ],
    "user": [
        {"id": "900", "hs_internal_user_id": "8", "hs_job_title": "AE",
         "hs_standard_time_zone": "Europe/Berlin", "hs_lastmodifieddate": ""},
    ],
    "pipeline_stage": [
        {"id": "default/new", "pipeline_id": "default", "label": "New", "is_closed": "false",
         "probability": "0.1"},
        {"id": "default/won", "pipeline_id": "default", "label": "Won", "is_closed": "true",
         "probability": "1.0"},
        {"id": "default/lost", "pipeline_id": "default", "label": "Lost", "is_closed": "true",
         "probability": "0.0"},
    ],
    "deal": [
        # closed in the evening of June 30 in New York
        {"id": "1", "hubspot_owner_id": "41", "pipeline": "default", "dealstage": "won",
         "amount": "1200.5", "closedate": "2026-07-01T02:00:00Z", "contact_ids": "9;12",
         "createdate": "2026-05-01T10:00:00Z", "hs_primary_associated_company": "70",
         "company_ids": "60;70", "deal_currency_code": "USD"},
        {"id": "2", "hubspot_owner_id": "43", "pipeline": "default", "dealstage": "lost",
         "createdate": "2026-05-01T10:00:00Z", "closedate": "2026-06-01T12:00:00Z"},
        # of a pipeline that was deleted
        {"id": "3", "dealstage": "777", "hs_is_closed": "true", "hs_is_closed_won": "true",
         "createdate": "2026-05-01T10:00:00Z", "company_ids": "60;70"},
    ],
    "deal_stage_history": [
        {"id": "a", "deal_id": "1", "stage_id": "new", "changed_at": "2026-05-01T10:00:00.000Z"},
        {"id": "b", "deal_id": "1", "stage_id": "new", "changed_at": "2026-05-02T10:00:00.000Z"},
        {"id": "c", "deal_id": "1", "stage_id": "won", "changed_at": "2026-07-01T02:00:00.000Z"},
        # no longer landed
        {"id": "d", "deal_id": "1", "stage_id": "lost", "changed_at": "2026-06-01T02:00:00.000Z",
         "_is_deleted": "true"},
    ],
    "property_option": [
        {"id": "x", "object": "calls", "property": "hs_call_disposition", "value": "f240",
         "label": "Connected"},
    ],
    "call": [
        {"id": "1", "hubspot_owner_id": "41", "hs_call_direction": "OUTBOUND",
         "hs_call_disposition": "f240", "hs_call_status": "COMPLETED", "deal_ids": "1",
         "hs_call_duration": "130000", "hs_timestamp": "2026-06-15T14:00:00Z",
         "contact_ids": "9;12"},
        {"id": "2", "hubspot_owner_id": "41", "hs_call_status": "QUEUED",
         "hs_timestamp": "2026-06-15T14:00:00Z"},
    ],
    "email": [
        {"id": "1", "hubspot_owner_id": "44", "hs_email_direction": "EMAIL",
         "hs_email_status": "SENT", "hs_timestamp": "2026-06-15T14:00:00Z"},
        {"id": "2", "hs_email_direction": "INCOMING_EMAIL",
         "hs_timestamp": "2026-06-15T14:00:00Z"},
    ],
    "meeting": [
        {"id": "1", "hubspot_owner_id": "42", "hs_activity_type": "Demo",
         "hs_meeting_outcome": "NO_SHOW", "hs_meeting_start_time": "2026-06-16T09:00:00Z",
         "hs_meeting_end_time": "2026-06-16T09:30:00Z", "hs_timestamp": "2026-06-15T09:00:00Z"},
    ],
    "task": [
        {"id": "1", "hubspot_owner_id": "43", "hs_task_status": "COMPLETED", "hs_task_type": "CALL",
         "hs_task_completion_date": "2026-06-17T09:00:00Z"},
        {"id": "2", "hubspot_owner_id": "43", "hs_task_status": "NOT_STARTED"},
    ],
    "contact": [
        {"id": "9", "hubspot_owner_id": "44", "lifecyclestage": "opportunity",
         "createdate": "2026-04-01T10:00:00Z", "associatedcompanyid": "70",
         "hs_lifecyclestage_opportunity_date": "2026-05-01T09:00:00Z"},
        {"id": "12", "lifecyclestage": "subscriber", "createdate": "2026-04-01T10:00:00Z"},
    ],
    "company": [{"id": "70", "name": "Acme", "numberofemployees": "50"}],
    "deal_split": [
        {"id": "1", "hs_deal_id": "1", "hubspot_owner_id": "41", "hs_deal_split_percentage": "0.7"},
        {"id": "2", "hs_deal_id": "1", "hubspot_owner_id": "43", "hs_deal_split_percentage": "0.3"},
        # a deal that is not shared; and a share that was taken back
        {"id": "3", "hs_deal_id": "2", "hubspot_owner_id": "43", "hs_deal_split_percentage": "1.0"},
        {"id": "4", "hs_deal_id": "2", "hubspot_owner_id": "41", "hs_deal_split_percentage": "0.5",
         "_is_deleted": "true"},
    ],
    "goal_target": [
        {"id": number, "hs_target_amount": amount, "hs_start_datetime": f"{start}T00:00:00Z",
         "hs_end_datetime": f"{end}T23:59:59.999Z", "hs_goal_type": "sales_quota", **more}
        for number, amount, start, end, more in (
            ("1", "5000.00", "2026-05-01", "2026-05-31", {"hubspot_owner_id": "41"}),
            # set anew; and of one pipeline, which the goal over all of them holds
            ("2", "6000", "2026-05-01", "2026-05-31", {"hubspot_owner_id": "41"}),
            ("3", "9", "2026-05-01", "2026-05-31",
             {"hubspot_owner_id": "41", "hs_pipeline_ids": "default"}),
            # of a user; and by pipeline
            ("4", "30000", "2026-04-01", "2026-06-30", {"hs_assignee_user_id": "8"}),
            ("5", "1000", "2026-06-01", "2026-06-30",
             {"hubspot_owner_id": "42", "hs_pipeline_ids": "a"}),
            ("6", "500", "2026-06-01", "2026-06-30",
             {"hubspot_owner_id": "42", "hs_pipeline_ids": "b"}),
            # of calls, of a team, of a half year, and deleted
            ("7", "80", "2026-05-01", "2026-05-31",
             {"hubspot_owner_id": "42", "hs_goal_type": "calls_completed"}),
            ("8", "99000", "2026-05-01", "2026-05-31", {}),
            ("9", "99000", "2026-01-01", "2026-06-30", {"hubspot_owner_id": "42"}),
            ("10", "99000", "2026-07-01", "2026-07-31",
             {"hubspot_owner_id": "42", "_is_deleted": "true"}),
        )
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def all_three(built: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The examples company with Salesforce and HubSpot beside its files."""
    company = built.copy(tmp_path_factory.mktemp("all_three"))
    company = Company(replace(company.settings, sources=("files", "salesforce", "hubspot")))
    with connect(company.settings) as connection:
        salesforce_load.create_tables(connection)
        hubspot_load.create_tables(connection)
        for table, records in RECORDS.items():
            for record in records:
                values = {"_is_deleted": "false", "_modified_at": "2026-07-01T00:00:00Z", **record}
                connection.execute(
                    f"insert into raw_hubspot.{table} ({', '.join(values)})"
                    f" values ({', '.join('?' * len(values))})",
                    list(values.values()),
                )
        connection.execute(
            "update raw_files.reps set email = 'caller@acme.com' where rep_id = 'caller';"
            "insert into raw_salesforce.user (id, name, email, is_active, _is_deleted)"
            " values ('005B', 'Bo Ss', 'Boss@acme.com', 'true', 'false')"
        )
    write_reference(company.settings, AS_OF)
    outcomes = company.build(*BUILD)
    assert {said.split()[0] for said in outcomes.values()} == {"success"}, outcomes
    return company


def test_a_person_in_three_systems_is_one_rep(all_three: Company) -> None:
    sql = (
        "select user_id, rep_id from intermediate.int_rep_ids__matched"
        " where source = 'hubspot' order by 1"
    )
    assert all_three.rows(sql) == [
        ("41", "caller"), ("42", "005B"), ("43", "44"), ("44", "44"), ("45", "45"),
    ]  # fmt: skip
    found = all_three.rows(
        "select rep_id, rep_name, team, role, time_zone, cast(end_date as varchar)"
        " from intermediate.int_crm__reps where rep_id in ('41', '42', '43', '44', '45', '005B')"
        " order by 1"
    )
    assert found == [
        ("005B", "Bo Ss", "No team", "", "America/New_York", None),
        ("44", "Kim Ito", "North", "AE", "Europe/Berlin", None),
        ("45", "gone@acme.com", "No team", "", "America/New_York", "2026-05-06"),
    ]


def test_what_was_done_is_an_activity_and_what_is_to_do_is_not(all_three: Company) -> None:
    found = all_three.rows(
        "select activity_id, rep_id, activity_type, direction, outcome, duration_seconds,"
        " cast(occurred_at as varchar), contact_id, opportunity_id"
        " from intermediate.int_crm__activities where activity_id like '%-_' order by 1"
    )
    assert [
        row for row in found if row[0].split("-")[0] in ("call", "email", "meeting", "task")
    ] == [
        ("call-1", "caller", "call", "outbound", "connected", 130, "2026-06-15 14:00:00", "9", "1"),
        ("email-1", "44", "email", "outbound", "sent", None, "2026-06-15 14:00:00", None, None),
        ("email-2", "unassigned", "email", "inbound", "", None, "2026-06-15 14:00:00", None, None),
        ("meeting-1", "005B", "demo", "", "no_show", 1800, "2026-06-16 09:00:00", None, None),
        ("task-1", "44", "task", "", "call", None, "2026-06-17 09:00:00", None, None),
    ]


def test_deals_leads_and_changes_of_stage(all_three: Company) -> None:
    schema = "intermediate.int_hubspot__"
    assert all_three.rows(
        "select opportunity_id, rep_id, account_id, lead_id, stage, amount, is_closed, is_won,"
        f" cast(close_date as varchar) from {schema}opportunities order by 1"
    ) == [
        ("1", "caller", "70", "9", "Won", 1200.5, True, True, "2026-06-30"),
        ("2", "44", None, None, "Lost", None, True, False, "2026-06-01"),
        ("3", None, "60", None, "777", None, True, True, None),
    ]
    assert all_three.rows(
        f"select from_stage, to_stage from {schema}opportunity_stage_changes order by changed_at"
    ) == [(None, "New"), ("New", "Won")]
    assert all_three.rows(
        f"select lead_id, rep_id, account_id, opportunity_id, cast(converted_at as varchar)"
        f" from {schema}leads"
    ) == [("9", "44", "70", "1", "2026-05-01 09:00:00")]


def test_splits_of_a_deal_that_is_shared(all_three: Company) -> None:
    sql = "select opportunity_id, rep_id, split_ratio from intermediate.int_hubspot__{} order by 2"
    assert all_three.rows(sql.format("opportunity_splits")) == [
        ("1", "44", 0.3),
        ("1", "caller", 0.7),
    ]


def test_goals_of_revenue_are_goals_of_our_periods(all_three: Company) -> None:
    found = all_three.rows(
        "select scope, scope_value, metric_id, period, goal, cast(valid_from as varchar),"
        " cast(valid_to as varchar) from intermediate.int_goals__unioned"
        " where source = 'hubspot' order by scope_value"
    )
    assert found == [
        ("rep", "005B", "revenue_won", "month", 1500, "2026-06-01", "2026-07-01"),
        ("rep", "44", "revenue_won", "quarter", 30000, "2026-04-01", "2026-07-01"),
        ("rep", "caller", "revenue_won", "month", 6000, "2026-05-01", "2026-06-01"),
    ]


@pytest.mark.parametrize("table", [name for name in TABLES if name not in ("users", "quotas")])
def test_the_columns_are_those_of_the_canonical_table(all_three: Company, table: str) -> None:
    def columns(relation: str) -> Any:
        return [row[:2] for row in all_three.rows(f"describe {relation}")]

    ours, theirs = f"intermediate.int_hubspot__{table}", f"staging.stg_files__{table}"
    assert columns(ours) == columns(theirs)


def test_postgres_makes_the_same_of_them(
    all_three: Company, postgres: Server, tmp_path: Path
) -> None:
    models = [*(f"int_hubspot__{table}" for table in TABLES), *UNIONS]
    assert differing_on_postgres(all_three, postgres, tmp_path, models) == []


@pytest.mark.parametrize("model", [*MODELS, *UNIONS])
def test_the_models_are_written_in_the_sql_that_all_engines_share(
    all_three: Company, model: str
) -> None:
    folder = dbt_runner.target_dir(all_three.settings) / "compiled/sales_scorecard/models"
    [path] = folder.glob(f"*/*/{model}.sql")
    assert list(slips(path.read_text(encoding="utf-8"))) == []


def test_a_source_that_is_not_enabled_has_no_models(models: Mapping[str, Any]) -> None:
    assert not [name for name in models if "hubspot" in name]
