"""From an org to published scorecards: the Maven sample, served as Salesforce would serve it."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.maven import copy_project, figures, refresh, run_scorecard
from tests.end_to_end.test_real_data import SALESFORCE, needs
from tests.sources.fake_salesforce import Org, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), needs(SALESFORCE)]

CANARY = "canary-5ecre7-7h47-mu57-n0t-le4k"
FIELDS = "User.region=Department"


@dataclass
class Maven:
    """The company, in a copy of the project, and its org."""

    project: Path
    org: Org
    url: str

    def environment(self) -> dict[str, str]:
        return {
            "SCORECARD_SOURCES": "salesforce",
            "SCORECARD_SALESFORCE_URL": self.url,
            "SCORECARD_SALESFORCE_CLIENT_ID": "client",
            "SCORECARD_SALESFORCE_CLIENT_SECRET": CANARY,
            "SCORECARD_SALESFORCE_FIELDS": FIELDS,
        }


@pytest.fixture(scope="module")
def maven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maven]:
    project = copy_project(tmp_path_factory.mktemp("project"))
    org = Org(client_secret=CANARY, now=dt.datetime(2018, 1, 1, 6, tzinfo=dt.UTC), page_rows=3000)
    org.fields["User"]["Department"] = "string"
    for name in ("User", "Account", "Opportunity"):
        with (SALESFORCE / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                row.setdefault("SystemModstamp", "2017-12-31T00:00:00.000Z")
                row["SystemModstamp"] = row["SystemModstamp"].replace("+0000", "Z")
                org.records[name][row["Id"]] = row
    for number, role in ((1, "Agent"), (2, "Manager")):
        role_id = f"00E{number:012}AAA"
        org.records["UserRole"][role_id] = {
            "Id": role_id, "Name": role, "SystemModstamp": "2017-01-01T00:00:00.000Z",
        }  # fmt: skip
    with serving(org) as url:
        yield Maven(project, org, url)


@pytest.fixture(scope="module")
def first_output(maven: Maven) -> str:
    return refresh(maven.project, maven.environment(), "--record")


def test_the_figures_are_those_of_the_files(maven: Maven, first_output: str) -> None:
    assert figures(maven.project) == (35, 4238, 2473, 10005534)
    assert "warning: gx_rows" not in first_output


def test_the_connection_can_be_checked(maven: Maven) -> None:
    code, output = run_scorecard(maven.project, maven.environment(), "check")
    assert code == 0, output
    assert "8 objects can be read" in output
    maven.org.forbidden = {"Task"}
    code, output = run_scorecard(maven.project, maven.environment(), "check")
    maven.org.forbidden = set()
    assert code == 2
    assert "Task: the user may not read it" in output
    assert CANARY not in output


def test_the_secret_is_nowhere_on_the_disk(maven: Maven, first_output: str) -> None:
    """Dagster's history, Data Docs, dbt's logs, the warehouse and what is published."""
    assert CANARY not in first_output
    files = [path for path in (maven.project / "data").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".duckdb", ".html", ".parquet", ".json"}
    secrets = [CANARY.encode(), *(token.encode() for token in maven.org.tokens)]
    assert not [p for p in files if any(secret in p.read_bytes() for secret in secrets)]


def test_a_deal_that_is_deleted_in_the_crm_is_gone_from_the_figures(
    maven: Maven, first_output: str
) -> None:
    deal = next(one for one in maven.org.records["Opportunity"].values() if one["IsWon"] == "true")
    maven.org.put("Opportunity", deal["Id"], IsDeleted="true")
    maven.org.now += dt.timedelta(hours=1)
    refresh(maven.project, maven.environment())
    _, won, lost, revenue = figures(maven.project)
    assert (won, lost) == (4237, 2473)
    assert revenue == 10005534 - float(deal["Amount"])
