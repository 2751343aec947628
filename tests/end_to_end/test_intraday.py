"""A day of changes in the CRM, refreshed as they come, ends in what one refresh makes of them."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import Settings
from orchestration.defs import publication
from orchestration.demo.company import generate
from orchestration.execution import run_refresh
from orchestration.readers.watch import Due, watch
from orchestration.releases.publish import publish
from orchestration.releases.release import current_release, list_releases
from tests.sources.demo_org import move_into, task
from tests.sources.fake_salesforce import Org, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TODAY = dt.date(2025, 6, 26)
YESTERDAY = TODAY - dt.timedelta(days=1)
# the demo company is in Los Angeles: eight in the morning there
MORNING = dt.datetime(2025, 6, 26, 15, tzinfo=dt.UTC)
# what was published when, and what is compared with it
HISTORY = ("releases", "data_checks", "scorecard_history", "scorecard_restatements")


@dataclass
class Crm:
    """The org, the files beside it, and companies that read both."""

    org: Org
    files: Path
    company: Callable[[str], Settings]


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    org = Org(now=MORNING - dt.timedelta(hours=6), max_calls=10_000_000, polls_until_done=0)
    generate(tmp_path / "files", today=YESTERDAY, reps=8, days=120)
    move_into(org, tmp_path / "files")

    def company(name: str) -> Settings:
        settings = replace(Settings(), data_dir=tmp_path / name, sources=("files", "salesforce"))
        if not settings.files_dir.exists():
            shutil.copytree(tmp_path / "files", settings.files_dir)
        monkeypatch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
        return settings

    with serving(org) as url:
        for name, value in {
            "SCORECARD_COMPANY": "demo",
            "SCORECARD_SOURCES": "files,salesforce",
            "SCORECARD_SALESFORCE_URL": url,
            "SCORECARD_SALESFORCE_CLIENT_ID": "client",
            "SCORECARD_SALESFORCE_CLIENT_SECRET": "secret",
            "SCORECARD_SALESFORCE_OBJECTS": "User,Account,Lead,Opportunity,OpportunityHistory,"
            "OpportunitySplit,Task",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("SCORECARD_AS_OF_DATE", raising=False)
        # releases are of the org's time: a day counts as complete when published after its end
        monkeypatch.setattr(
            publication,
            "publish",
            lambda settings, as_of, checks, marks, now, states: publish(
                settings, as_of, checks, marks, org.now, states
            ),
        )
        yield Crm(org, tmp_path / "files", company)


def refresh(settings: Settings, as_of: dt.date) -> None:
    run_refresh(
        settings,
        {"as_of": as_of.isoformat()},
        reports=False,
        record=False,
        on_progress=lambda progress: None,
    )


def change(org: Org, numbers: random.Random, at: dt.datetime) -> None:
    """What happens in an hour: calls, mended and deleted records, deals won, reopened and moved."""
    org.now = at
    users, tasks = list(org.records["User"]), list(org.records["Task"])
    deals = list(org.records["Opportunity"])
    for number in range(40):
        minutes = dt.timedelta(minutes=numbers.randrange(60))
        moment = (at - minutes).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = {
            "rep_id": numbers.choice(users), "activity_type": "call", "direction": "outbound",
            "outcome": numbers.choice(["no_answer", "connected"]), "duration_seconds": "150",
            "occurred_at": moment, "created_at": moment, "opportunity_id": "", "account_id": "",
            "lead_id": "", "contact_id": "",
        }  # fmt: skip
        org.put("Task", f"00T{at:%m%d%H}{number}", **task(row))
    for record_id in numbers.sample(tasks, 20):  # of any month
        org.put("Task", record_id, OwnerId=numbers.choice(users))
    for record_id in numbers.sample(tasks, 10):
        org.put("Task", record_id, IsDeleted=numbers.choice(["true", "false"]))
    for record_id in numbers.sample(tasks, 5):
        day = at.date() - dt.timedelta(days=numbers.randrange(100))
        org.put("Task", record_id, CompletedDateTime=f"{day}T18:00:00Z")
    for record_id in numbers.sample(deals, 6):
        won = numbers.choice(["true", "false"])
        org.put(
            "Opportunity", record_id, IsClosed=won, IsWon=won, CloseDate=at.date().isoformat(),
            Amount=str(numbers.randrange(1000, 90_000)), OwnerId=numbers.choice(users),
        )  # fmt: skip
    org.put("Opportunity", numbers.choice(deals), IsDeleted="true")
    org.now = at + dt.timedelta(seconds=1)


def marts(settings: Settings, other: Settings) -> dict[str, tuple[int, int]]:
    """Rows of each published table, and how many differ between the two companies.

    A sum of parallel threads differs in the last digit, also between two runs of the same SQL.
    """
    found = {}
    with duckdb.connect() as connection:
        for name, company in (("one", settings), ("two", other)):
            release = current_release(company)
            assert release is not None
            connection.execute(f"attach '{release.database}' as {name} (read_only)")
        tables = connection.execute(
            "select table_name, list((column_name, data_type) order by data_type = 'DOUBLE')"
            " from duckdb_columns() where database_name = 'one' group by 1 order by 1"
        ).fetchall()
        for table, columns in tables:
            order = ", ".join(name for name, _ in columns)
            one, two = (
                f"(from {name}.marts.{table} order by {order}) as {name}" for name in ("one", "two")
            )
            same = " and ".join(
                f"(one.{name} is not distinct from two.{name}"
                + (f" or abs(one.{name} / two.{name} - 1) < 1e-9)" if type_ == "DOUBLE" else ")")
                for name, type_ in columns
            )
            (found[table],) = connection.execute(
                f"select count(*), count(*) filter (not coalesce({same}, false))"
                f" from {one} positional join {two}"
            ).fetchall()
    return found


def test_intraday_refreshes_end_in_what_one_full_refresh_makes_of_the_crm(crm: Crm) -> None:
    settings = crm.company("intraday")
    refresh(settings, YESTERDAY)
    numbers = random.Random(7)
    now = MORNING
    tried: list[dt.date] = []

    def refresh_once(due: Due) -> None:
        tried.append(due.as_of)
        refresh(settings, due.as_of)

    def sleep(seconds: float) -> None:
        nonlocal now
        now += dt.timedelta(hours=1)
        if now.hour == 18:
            raise StopIteration
        change(crm.org, numbers, now)

    said: list[str] = []
    with pytest.raises(StopIteration):
        watch(settings, refresh_once, said.append, sleep=sleep, clock=lambda: now)
    assert tried == [TODAY, TODAY], said
    assert [release.as_of_date for release in list_releases(settings)] == [TODAY, TODAY, YESTERDAY]

    fresh = crm.company("fresh")
    refresh(fresh, TODAY)
    compared = marts(settings, fresh)
    assert compared["scorecard_rep_metrics"][0] > 500
    assert {table: found for table, found in compared.items() if found[1]}.keys() <= set(HISTORY), (
        compared
    )
    with duckdb.connect(str(list_releases(settings)[0].database), read_only=True) as connection:
        history = connection.execute(
            "select as_of_date, count(distinct release_id) from marts.scorecard_history"
            " group by 1 order by 1"
        ).fetchall()
    assert history == [(YESTERDAY, 1), (TODAY, 1)]
