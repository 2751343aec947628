"""Nights on which records, policy and code change at random end in what a rebuild makes of them.

On some of them the refresh is killed and started again, the CRM locks the company out or ends its
session in the middle, or the working warehouse is lost. SCORECARD_TEST_NIGHTS=30 plays 30 nights.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import random
import re
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.demo.company import generate
from orchestration.releases.publish import current_release, list_releases
from tests.end_to_end.test_intraday import HISTORY, MORNING, YESTERDAY, change, marts
from tests.processes import Command, run
from tests.sources.demo_org import move_into
from tests.sources.fake_salesforce import Org, serving

NIGHTS = int(os.environ.get("SCORECARD_TEST_NIGHTS", "5"))
LOCKED_OUT = (1, 2, 3)  # nights, counted from 0
COMPARED_EVERY = 10
SEED = int(os.environ.get("SCORECARD_TEST_SEED", "15"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 60 * NIGHTS)]


@dataclass
class Company:
    """A copy of the project, so that its code and policy may change, and a CRM beside it."""

    project: Path
    files: Path
    org: Org
    url: str

    def settings(self, name: str) -> Settings:
        settings = replace(
            Settings(),
            data_dir=self.project.parent / name,
            dbt_project_dir=self.project / "dbt_project",
            sources=("files", "salesforce"),
        )
        if not settings.files_dir.exists():
            shutil.copytree(self.files, settings.files_dir)
        return settings

    def environment(self, settings: Settings) -> dict[str, str]:
        return {
            "SCORECARD_DATA_DIR": str(settings.data_dir),
            "SCORECARD_SOURCES": "files,salesforce",
            "SCORECARD_SALESFORCE_URL": self.url,
            "SCORECARD_SALESFORCE_CLIENT_ID": "client",
            "SCORECARD_SALESFORCE_CLIENT_SECRET": "secret",
            "SCORECARD_SALESFORCE_OBJECTS": "User,Account,Lead,Opportunity,OpportunityHistory,"
            "OpportunitySplit,Task",
        }

    def refresh(self, settings: Settings, day: dt.date) -> tuple[int | None, str]:
        return run(self.project, self.environment(settings), *arguments(day))

    def kill(self, settings: Settings, day: dt.date, seconds: float) -> bool:
        """Start a refresh and kill it after that time; whether it was still at work."""
        command = Command(self.project, self.environment(settings), *arguments(day))
        time.sleep(seconds)
        if command.process.is_alive():
            command.kill()
        return command.wait() == -signal.SIGKILL


def arguments(day: dt.date) -> tuple[str, ...]:
    return "refresh", "--no-reports", "--as-of", day.isoformat()


@pytest.fixture
def company(tmp_path: Path) -> Company:
    project, files = tmp_path / "project", tmp_path / "files"
    leave_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project"):
        shutil.copytree(REPOSITORY / folder, project / folder, ignore=leave_out)
    shutil.copy(REPOSITORY / "pyproject.toml", project)
    org = Org(now=MORNING - dt.timedelta(hours=6), max_calls=10_000_000, polls_until_done=0)
    generate(files, today=YESTERDAY, reps=8, days=120)
    move_into(org, files)
    return Company(project, files, org, "")


def change_policy(seeds: Path, numbers: random.Random) -> None:
    """Another goal, weight or setting, as RevOps would change it."""
    name, column, values = numbers.choice(
        [
            ("goals", "goal", None),
            ("scorecard_metrics", "weight", ["1", "2", "3"]),
            ("company_settings", "value", ["4", "5", "6"]),
        ]
    )
    path = seeds / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if name == "company_settings":
        row = next(row for row in rows if row["setting"] == "suspect_min_capacity_days")
    else:
        row = numbers.choice(rows)
    row[column] = (
        numbers.choice(values)
        if values
        else f"{float(row[column]) * numbers.choice([0.9, 0.95]):.3f}"
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def change_code(dbt_project: Path, numbers: random.Random, night: int) -> None:
    """Another text of a model, or another constant of all companies."""
    if numbers.random() < 0.5:
        model = numbers.choice(sorted((dbt_project / "models").rglob("*.sql")))
        model.write_text(f"{model.read_text(encoding='utf-8')}-- night {night}\n", encoding="utf-8")
    else:
        constants = dbt_project / "seeds/rules/constants.csv"
        text = constants.read_text(encoding="utf-8")
        other = f"proven_z,{numbers.choice(['1.9', '1.96', '2.05'])},"
        constants.write_text(re.sub(r"proven_z,[\d.]+,", other, text), encoding="utf-8")


def test_random_nights_end_in_what_a_rebuild_makes_of_them(company: Company) -> None:
    org, numbers = company.org, random.Random(SEED)
    with serving(org) as company.url:
        settings = company.settings("nightly")
        code, output = company.refresh(settings, YESTERDAY)
        assert code == 0, output
        for night in range(NIGHTS):
            day = YESTERDAY + dt.timedelta(days=night + 1)
            change(org, numbers, MORNING + dt.timedelta(days=night, hours=numbers.randrange(12)))
            org.now = MORNING + dt.timedelta(days=night, hours=18)
            if numbers.random() < 0.5:
                change_policy(settings.seeds_dir, numbers)
            if numbers.random() < 0.4:
                change_code(settings.dbt_project_dir, numbers, night)
            before = current_release(settings)
            assert before is not None
            if night in LOCKED_OUT and night < NIGHTS - 1:
                org.client_secret = "another"
                code, output = company.refresh(settings, day)
                assert code == 2, output
                assert "invalid_client" in output
                assert current_release(settings) == before
                continue
            org.client_secret = "secret"
            org.faults = []
            accident = numbers.choice(["none", "killed", "session ends", "warehouse lost"])
            if accident == "killed" and company.kill(settings, day, numbers.uniform(1, 8)):
                assert (current_release(settings) or before).as_of_date in (before.as_of_date, day)
            elif accident == "session ends":
                org.faults = [""] * numbers.randint(1, 12) + ["401"]
            elif accident == "warehouse lost":
                settings.warehouse_path.unlink()
            code, output = company.refresh(settings, day)
            assert code == 0, (night, accident, output)
            release = current_release(settings)
            assert release is not None
            assert release.as_of_date == day
            if (night + 1) % COMPARED_EVERY == 0 or night == NIGHTS - 1:
                rebuilt = company.settings(f"rebuilt-{night}")
                code, output = company.refresh(rebuilt, day)
                assert code == 0, output
                compared = marts(settings, rebuilt)
                assert compared["scorecard_rep_metrics"][0] > 500
                differing = {table: found for table, found in compared.items() if found[1]}
                assert differing.keys() <= set(HISTORY), (night, differing)
                shutil.rmtree(rebuilt.data_dir)
        assert list_releases(settings)[0] == current_release(settings)
