"""What becomes of Salesforce's objects: canonical records beside those of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.core.settings import REPOSITORY
from orchestration.sources.reference import write_reference
from orchestration.sources.salesforce.load import create_tables
from orchestration.transform import dbt_runner
from orchestration.warehouse.connection import connect
from tests.dbt.conftest import AS_OF, Company, differing_on_postgres
from tests.dbt.test_conventions import slips
from tests.transform.engines.conftest import Server

pytestmark = pytest.mark.slow

MODELS = [
    path.stem
    for layer in ("staging", "intermediate")
    for path in (REPOSITORY / "dbt_project/models" / layer / "salesforce").glob("*.sql")
]
TABLES = [name.removeprefix("int_salesforce__") for name in MODELS if name.startswith("int_")]
UNIONS = (
    "int_crm_users__unioned", "int_rep_ids__matched", "int_quotas__unioned", "int_goals__of_quotas",
    "int_goals__unioned", "int_crm__reps", "int_crm__activities", "int_crm__opportunities",
)  # fmt: skip
READERS = ("int_zone_offsets", "int_rep_offsets", "int_activities__counted_daily")
BUILD = ("--resource-type", "model", "--resource-type", "seed", "--select", "rep_aliases",
         *MODELS, *UNIONS, *READERS)  # fmt: skip

# `caller` is a rep of the files, found by e-mail; 005B is not in the files; 005P is a portal user
RECORDS: Mapping[str, list[dict[str, str]]] = {
    "user": [
        {"id": "005A", "name": "Cal Ler", "email": "Caller@Acme.com", "is_active": "true",
         "manager_id": "005B", "user_type": "Standard"},
        {"id": "005B", "name": "Bo Ss", "email": "boss@acme.com", "is_active": "true",
         "user_role_id": "00E1", "time_zone_sid_key": "Europe/Berlin"},
        {"id": "005C", "name": "Lea Ver", "is_active": "false", "manager_id": "005B",
         "last_login_date": "2026-05-06T07:00:00.000Z", "custom_team": "North"},
        # `hire` of the files under another address, and a second account of 005B
        {"id": "005H", "name": "Hi Re", "email": "other@acme.com", "is_active": "true"},
        {"id": "005S", "name": "Second Account", "is_active": "true"},
        {"id": "005P", "name": "Portal", "is_active": "true", "user_type": "PowerPartner"},
    ],
    "user_role": [{"id": "00E1", "name": "Sales Manager"}],
    "task": [
        # a call that was logged, one that is still to be made, and an e-mail of a custom kind
        {"id": "00T1", "owner_id": "005A", "is_closed": "true", "task_subtype": "Call",
         "call_type": "Outbound", "call_disposition": "Connected", "status": "Completed",
         "call_duration_in_seconds": "130", "who_id": "003X", "what_id": "006X",
         "completed_date_time": "2026-06-15T14:00:00.000Z", "activity_date": "2026-06-01"},
        {"id": "00T2", "owner_id": "005A", "is_closed": "false", "task_subtype": "Call",
         "status": "Not Started", "activity_date": "2026-06-30"},
        {"id": "00T3", "owner_id": "00GQueue", "is_closed": "true", "task_subtype": "Email",
         "custom_activity_type": "Proposal", "status": "Completed", "who_id": "00QX",
         "activity_date": "2026-06-15"},
    ],
    "event": [
        {"id": "00U1", "owner_id": "005B", "start_date_time": "2026-06-16T09:00:00.000Z",
         "duration_in_minutes": "30", "type": "Demo", "custom_outcome": "Held"},
        # the copy of somebody who was invited, and the pattern of a series
        {"id": "00U2", "owner_id": "005A", "start_date_time": "2026-06-16T09:00:00.000Z",
         "is_child": "true"},
        {"id": "00U3", "owner_id": "005B", "start_date_time": "2026-06-16T09:00:00.000Z",
         "is_recurrence": "true"},
        # a whole day, which Salesforce begins at midnight UTC
        {"id": "00U4", "owner_id": "005B", "start_date_time": "2026-06-17T00:00:00.000Z",
         "activity_date": "2026-06-17", "is_all_day_event": "true", "duration_in_minutes": "1440"},
    ],
    "opportunity": [
        {"id": "006X", "owner_id": "005A", "stage_name": "Closed Won", "amount": "1200.50",
         "is_closed": "true", "is_won": "true", "close_date": "2026-06-20",
         "created_date": "2026-05-01T10:00:00.000+0000"},
    ],
    "lead": [
        {"id": "00QX", "owner_id": "005B", "created_date": "2026-04-01T10:00:00.000Z",
         "converted_date": "2026-05-01", "converted_opportunity_id": "006X"},
    ],
    "opportunity_history": [
        {"id": "1", "opportunity_id": "006X", "stage_name": "New",
         "created_date": "2026-05-01T10:00:00.000Z"},
        {"id": "2", "opportunity_id": "006X", "stage_name": "New",
         "created_date": "2026-05-02T10:00:00.000Z"},
        {"id": "3", "opportunity_id": "006X", "stage_name": "Closed Won",
         "created_date": "2026-06-20T10:00:00.000Z"},
    ],
    "opportunity_split": [
        {"id": "1", "opportunity_id": "006X", "split_owner_id": "005A", "split_percentage": "75",
         "split_type_is_total_validated": "true", "split_type_split_field": "Amount",
         "split_type_master_label": "Revenue"},
        {"id": "2", "opportunity_id": "006X", "split_owner_id": "005B", "split_percentage": "25",
         "split_type_is_total_validated": "true"},
        {"id": "3", "opportunity_id": "006X", "split_owner_id": "005C", "split_percentage": "100",
         "split_type_is_total_validated": "false"},
        # another type whose shares must add up too: whoever implements, not whoever sold
        {"id": "4", "opportunity_id": "006X", "split_owner_id": "005B", "split_percentage": "40",
         "split_type_is_total_validated": "true", "split_type_split_field": "Services__c",
         "split_type_master_label": "Services"},
        {"id": "5", "opportunity_id": "006X", "split_owner_id": "005C", "split_percentage": "60",
         "split_type_is_total_validated": "true", "split_type_split_field": "Services__c",
         "split_type_master_label": "Services"},
    ],
    # quarters that begin in the middle of a month; the quota of a manager is the team's
    "forecasting_quota": [
        {"id": "0J91", "quota_owner_id": "005A", "start_date": "2026-03-16",
         "quota_amount": "90000", "forecasting_type_id": "0Db1", "period_type": "Quarter",
         "period_start_date": "2026-03-16", "period_end_date": "2026-06-14"},
        {"id": "0J92", "quota_owner_id": "005A", "start_date": "2026-06-15",
         "quota_amount": "80000.5", "forecasting_type_id": "0Db1", "period_type": "Quarter",
         "period_start_date": "2026-06-15", "period_end_date": "2026-09-13"},
        {"id": "0J93", "quota_owner_id": "005C", "start_date": "2026-05-07",
         "quota_amount": "100", "forecasting_type_id": "0Db1"},
        {"id": "0J94", "quota_owner_id": "005C", "start_date": "2026-05-01",
         "quota_amount": "20", "forecasting_type_id": "0Db1", "period_type": "Month",
         "period_start_date": "2026-05-01", "period_end_date": "2026-05-31"},
        {"id": "0J95", "quota_owner_id": "005B", "start_date": "2026-05-01",
         "quota_amount": "999", "forecasting_type_id": "0Db1", "period_type": "Month",
         "period_start_date": "2026-05-01", "period_end_date": "2026-05-31"},
        # forecast in another way, a number of products, one that was deleted
        {"id": "0J96", "quota_owner_id": "005C", "start_date": "2026-05-01",
         "quota_amount": "120", "forecasting_type_id": "0Db0", "period_type": "Month"},
        {"id": "0J97", "quota_owner_id": "005C", "start_date": "2026-05-01",
         "quota_amount": "0", "forecasting_type_id": "0Db1", "period_type": "Month"},
        {"id": "0J98", "quota_owner_id": "005C", "start_date": "2026-05-01",
         "quota_amount": "7", "forecasting_type_id": "0Db1", "_is_deleted": "true"},
    ],
    "account": [{"id": "001X", "name": "Acme", "number_of_employees": "50"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def both(built: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The examples company, whose caller has an e-mail address, with Salesforce beside it."""
    company = built.copy(tmp_path_factory.mktemp("both"))
    company = Company(replace(company.settings, sources=("files", "salesforce")))
    with connect(company.settings) as connection:
        create_tables(connection)
        for table, records in RECORDS.items():
            for record in records:
                values = {"_is_deleted": "false", "system_modstamp": "2026-07-01T00:00:00.000Z",
                          "_modified_at": "2026-07-01T00:00:00Z", **record}  # fmt: skip
                connection.execute(
                    f"insert into raw_salesforce.{table} ({', '.join(values)})"
                    f" values ({', '.join('?' * len(values))})",
                    list(values.values()),
                )
        connection.execute(
            "update raw_files.reps set email = 'caller@acme.com' where rep_id = 'caller';"
            "insert into raw_files._changed_months values ('activities', '2026-06-01')"
        )
    for user_id, rep_id in (("005H", "hire"), ("005S", "005B")):
        company.add_policy("rep_aliases", source="salesforce", source_rep_id=user_id, rep_id=rep_id)
    write_reference(company.settings, AS_OF)
    outcomes = company.build(*BUILD)
    assert {said.split()[0] for said in outcomes.values()} == {"success"}, [
        s for s in outcomes.values() if s.startswith("error")
    ]
    return company


def test_a_person_in_both_systems_is_one_rep(both: Company) -> None:
    sql = (
        "select user_id, rep_id from intermediate.int_rep_ids__matched"
        " where source = 'salesforce' order by 1"
    )
    assert both.rows(sql) == [
        ("005A", "caller"), ("005B", "005B"), ("005C", "005C"), ("005H", "hire"),
        ("005P", "005P"), ("005S", "005B"),
    ]  # fmt: skip
    found = both.rows(
        "select rep_id, manager_id, team, role, time_zone, cast(end_date as varchar)"
        " from intermediate.int_crm__reps where rep_id like '005%' order by 1"
    )
    assert found == [
        ("005B", None, "No team", "Sales Manager", "Europe/Berlin", None),
        ("005C", "005B", "North", "", "America/New_York", "2026-05-06"),
    ]


def test_where_two_systems_differ_the_first_one_says_all(both: Company) -> None:
    found = both.rows(
        "select rep_id, rep_name, role, team, time_zone, count(*) over () from"
        " intermediate.int_crm__reps where rep_id in ('caller', 'hire', '005B', '005H', '005S')"
        " order by 1"
    )
    assert found == [
        ("005B", "Bo Ss", "Sales Manager", "No team", "Europe/Berlin", 3),
        ("caller", "caller", "SDR", "South", "America/New_York", 3),
        ("hire", "hire", "AM", "South", "America/New_York", 3),
    ]


def test_what_was_done_is_an_activity_and_what_is_to_do_is_not(both: Company) -> None:
    found = both.rows(
        "select activity_id, rep_id, activity_type, direction, outcome, duration_seconds,"
        " coalesce(cast(occurred_day as varchar), cast(occurred_at as varchar)), contact_id,"
        " lead_id, opportunity_id"
        " from intermediate.int_crm__activities where activity_id like '00%' order by 1"
    )
    assert found == [
        ("00T1", "caller", "call", "outbound", "connected", 130, "2026-06-15 14:00:00", "003X",
         None, "006X"),
        ("00T3", "00GQueue", "proposal", "", "completed", None, "2026-06-15", None, "00QX",
         None),
        ("00U1", "005B", "demo", "", "held", 1800, "2026-06-16 09:00:00", None, None, None),
        ("00U4", "005B", "meeting", "", "", 86400, "2026-06-17", None, None, None),
    ]  # fmt: skip


def test_deals_leads_splits_and_changes_of_stage(both: Company) -> None:
    schema = "intermediate.int_salesforce__"
    assert both.rows(
        "select rep_id, lead_id, amount, cast(created_at as varchar), is_won"
        " from intermediate.int_crm__opportunities where opportunity_id = '006X'"
    ) == [("caller", "00QX", 1200.5, "2026-05-01 10:00:00", True)]
    assert both.rows(f"select rep_id, split_ratio from {schema}opportunity_splits order by 1") == [
        ("005B", 0.25),
        ("caller", 0.75),
    ]
    assert both.rows(
        f"select from_stage, to_stage from {schema}opportunity_stage_changes order by changed_at"
    ) == [(None, "New"), ("New", "Closed Won")]
    sql = f"select cast(converted_day as varchar) from {schema}leads"
    assert both.rows(sql) == [("2026-05-01",)]


def test_quotas_are_goals_of_our_periods(both: Company) -> None:
    found = both.rows(
        "select scope, scope_value, metric_id, period, goal, cast(valid_from as varchar),"
        " cast(valid_to as varchar) from intermediate.int_goals__unioned"
        " where source = 'salesforce' order by scope_value, valid_from"
    )
    assert found == [
        ("rep", "005C", "revenue_won", "month", 120, "2026-05-01", "2026-06-01"),
        ("rep", "caller", "revenue_won", "quarter", 90000, "2026-04-01", "2026-07-01"),
        ("rep", "caller", "revenue_won", "quarter", 80000.5, "2026-07-01", "2026-10-01"),
    ]


def test_an_incremental_build_equals_a_full_one(both: Company) -> None:
    sql = "from intermediate.int_activities__counted_daily order by all"
    incremental = both.rows(sql)
    assert [row for row in incremental if row[0] == "005B"]
    both.build("--select", "int_activities__counted_daily", "--full-refresh")
    assert incremental == both.rows(sql)


@pytest.mark.parametrize("table", [name for name in TABLES if name not in ("users", "quotas")])
def test_the_columns_are_those_of_the_canonical_table(both: Company, table: str) -> None:
    def columns(relation: str) -> Any:
        return [row[:2] for row in both.rows(f"describe {relation}")]

    ours, theirs = f"intermediate.int_salesforce__{table}", f"staging.stg_files__{table}"
    assert columns(ours) == columns(theirs)


def test_postgres_makes_the_same_of_them(both: Company, postgres: Server, tmp_path: Path) -> None:
    models = [*(f"int_salesforce__{table}" for table in TABLES), *UNIONS]
    assert differing_on_postgres(both, postgres, tmp_path, models) == []


@pytest.mark.parametrize("model", [*MODELS, *UNIONS])
def test_the_models_are_written_in_the_sql_that_all_engines_share(
    both: Company, model: str
) -> None:
    folder = dbt_runner.target_dir(both.settings) / "compiled/sales_scorecard/models"
    [path] = folder.glob(f"*/*/{model}.sql")
    assert list(slips(path.read_text(encoding="utf-8"))) == []


def test_a_source_that_is_not_enabled_has_no_models(models: Mapping[str, Any]) -> None:
    assert not [name for name in models if "salesforce" in name]
