"""From an org to published scorecards: the Maven sample, served as Salesforce would serve it."""

from __future__ import annotations

import csv
import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import REPOSITORY
from tests.connectors.fake_salesforce import Org, serving
from tests.end_to_end.test_real_data import SALESFORCE, needs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), needs(SALESFORCE)]

CANARY = "canary-5ecre7-7h47-mu57-n0t-le4k"
FIELDS = "User.region=Department"


@dataclass
class Maven:
    """The company, in a copy of the project, and its org."""

    project: Path
    org: Org
    url: str

    def scorecard(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {n: v for n, v in os.environ.items() if not n.startswith("SCORECARD_")}
        return subprocess.run(
            [sys.executable, "-m", "orchestration.cli", *arguments],
            cwd=self.project,
            env={
                **environment,
                "PYTHONPATH": str(self.project),
                "SCORECARD_COMPANY": "maven",
                "SCORECARD_SOURCES": "salesforce",
                "SCORECARD_SALESFORCE_URL": self.url,
                "SCORECARD_SALESFORCE_CLIENT_ID": "client",
                "SCORECARD_SALESFORCE_CLIENT_SECRET": CANARY,
                "SCORECARD_SALESFORCE_FIELDS": FIELDS,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def refresh(self, *options: str) -> str:
        done = self.scorecard("refresh", "--as-of", "2017-12-31", "--no-reports", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def figures(self) -> tuple[object, ...]:
        """Reps with a scorecard, deals won and lost, revenue; as docs/maven.md says them."""
        path = self.project / "data/maven/published/current/scorecard.duckdb"
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(
                """
                select
                    count(distinct rep_id),
                    cast(sum(actual) filter (metric_id = 'deals_won') as bigint),
                    cast(sum(actual) filter (metric_id = 'deals_lost') as bigint),
                    cast(sum(actual) filter (metric_id = 'revenue_won') as bigint)
                from marts.scorecard_rep_metrics
                where period_type = 'year' and is_current
                """
            ).fetchall()[0]


@pytest.fixture(scope="module")
def maven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maven]:
    project = tmp_path_factory.mktemp("project")
    leave_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project", ".dlt"):
        shutil.copytree(REPOSITORY / folder, project / folder, ignore=leave_out)
    shutil.copy(REPOSITORY / "pyproject.toml", project)
    shutil.copytree(
        REPOSITORY / "docs/examples/maven_salesforce/policy", project / "dbt_project/seeds/maven"
    )
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
    return maven.refresh("--record")


def test_the_figures_are_those_of_the_files(maven: Maven, first_output: str) -> None:
    assert maven.figures() == (35, 4238, 2473, 10005534)
    assert "warning: gx_rows" not in first_output


def test_the_connection_can_be_checked(maven: Maven) -> None:
    done = maven.scorecard("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 objects can be read" in done.stdout
    maven.org.forbidden = {"Task"}
    done = maven.scorecard("check")
    maven.org.forbidden = set()
    assert done.returncode == 2
    assert "Task: the user may not read it" in done.stderr
    assert CANARY not in done.stdout + done.stderr


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
    maven.refresh()
    _, won, lost, revenue = maven.figures()
    assert (won, lost) == (4237, 2473)
    assert revenue == 10005534 - float(deal["Amount"])
