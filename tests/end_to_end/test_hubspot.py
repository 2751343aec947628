"""From an account to published scorecards: the Maven sample, served as HubSpot would serve it."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.maven import copy_project, figures, refresh, run_scorecard
from tests.end_to_end.test_real_data import SALESFORCE, needs
from tests.sources.fake_hubspot import Account, Record, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), needs(SALESFORCE)]

CANARY = "canary-5ecre7-7h47-mu57-n0t-le4k"
STAGES = {"Prospecting": 0.1, "Engaging": 0.3, "Closed Won": 1.0, "Closed Lost": 0.0}


@dataclass
class Maven:
    """The company, in a copy of the project, and its account."""

    project: Path
    account: Account
    url: str

    def environment(self) -> dict[str, str]:
        return {
            "SCORECARD_SOURCES": "hubspot",
            "SCORECARD_HUBSPOT_URL": self.url,
            "SCORECARD_HUBSPOT_SERVICE_KEY": CANARY,
            "SCORECARD_HUBSPOT_FIELDS": "users.region=department",
        }


def rows(name: str) -> list[dict[str, str]]:
    with (SALESFORCE / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(salesforce_id: str) -> str:
    """`005000000000017AAA` as HubSpot would number it."""
    return str(int(salesforce_id[3:15])) if salesforce_id else ""


def add(account: Account, name: str, record_id: str, cells: dict[str, str]) -> Record:
    stamp = account.now - dt.timedelta(days=1)
    stamps = {"lastmodifieddate": stamp.isoformat(), "hs_lastmodifieddate": stamp.isoformat()}
    record = Record(record_id, {**cells, **stamps}, [])
    record.versions.append((stamp, record.properties))
    account.records[name][record_id] = record
    return record


def maven_account() -> Account:
    account = Account(key=CANARY, now=dt.datetime(2018, 1, 1, 6, tzinfo=dt.UTC))
    account.properties["users"]["department"] = "string"
    account.pipelines = [
        {"id": "default", "label": "Sales", "stages": [
            {"id": name, "label": name,
             "metadata": {"isClosed": str(name.startswith("Closed")).lower(),
                          "probability": str(probability)}}
            for name, probability in STAGES.items()
        ]},
    ]  # fmt: skip
    users = rows("User")
    names = {user["Id"]: user["Name"] for user in users}
    for user in users:
        owner_id = number(user["Id"])
        teams = [{"id": "1", "name": names.get(user["ManagerId"]), "primary": True}]
        account.owners.append(
            {"id": owner_id, "userId": int(owner_id) + 5000, "archived": False,
             "email": f"{owner_id}@maven.example", "firstName": user["FirstName"],
             "lastName": user["LastName"], "updatedAt": "2017-01-01T00:00:00Z",
             "teams": teams if user["ManagerId"] else []}
        )  # fmt: skip
        role = "Agent" if user["UserRoleId"].endswith("1AAA") else "Manager"
        add(account, "users", owner_id, {
            "hs_internal_user_id": str(int(owner_id) + 5000), "hs_job_title": role,
            "department": user["Department"],
        })  # fmt: skip
    for company in rows("Account"):
        add(account, "companies", number(company["Id"]), {
            "name": company["Name"], "industry": company["Industry"],
            "numberofemployees": company["NumberOfEmployees"],
        })  # fmt: skip
    for deal in rows("Opportunity"):
        closed = f"{deal['CloseDate']}T12:00:00Z" if deal["CloseDate"] else ""
        created = deal["CreatedDate"].replace("+0000", "Z")
        cells = {
            "hubspot_owner_id": number(deal["OwnerId"]), "pipeline": "default",
            "dealstage": deal["StageName"], "amount": deal["Amount"], "closedate": closed,
            "createdate": created, "hs_primary_associated_company": number(deal["AccountId"]),
        }  # fmt: skip
        record = add(account, "deals", number(deal["Id"]), cells)
        record.history = [{"value": deal["StageName"], "timestamp": closed or created}]
    return account


@pytest.fixture(scope="module")
def maven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maven]:
    project = copy_project(tmp_path_factory.mktemp("project"))
    account = maven_account()
    with serving(account) as url:
        yield Maven(project, account, url)


@pytest.fixture(scope="module")
def first_output(maven: Maven) -> str:
    return refresh(maven.project, maven.environment(), "--record")


def test_the_figures_are_those_of_the_files(maven: Maven, first_output: str) -> None:
    assert figures(maven.project) == (35, 4238, 2473, 10005534)
    assert "warning: gx_rows" not in first_output


def test_the_connection_can_be_checked(maven: Maven) -> None:
    maven.account.forbidden = {"deals"}
    code, output = run_scorecard(maven.project, maven.environment(), "check")
    maven.account.forbidden = set()
    assert code == 2
    assert "deals: the service key lacks the scope crm.objects.deals.read" in output
    assert CANARY not in output


def test_the_key_is_nowhere_on_the_disk(maven: Maven, first_output: str) -> None:
    """Dagster's history, Data Docs, dbt's logs, the warehouse and what is published."""
    assert CANARY not in first_output
    files = [path for path in (maven.project / "data").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".duckdb", ".html", ".parquet", ".json"}
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]
