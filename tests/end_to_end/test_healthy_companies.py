"""Healthy companies of six shapes publish with the settings that `scorecard init` leaves.

A check that stops one of them takes a legitimate company for a broken export.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.maven import copy_project
from tests.processes import run
from tests.sources.fake_salesforce import Org, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

REPS = "rep_id,rep_name,role,team,hire_date"
CALLS = "activity_id,rep_id,activity_type,direction,outcome,occurred_at,duration_seconds"
DEALS = "opportunity_id,rep_id,amount,currency,created_at,close_date,is_closed,is_won"
Files = dict[str, list[str]]


def days(first: str, last: str) -> Iterator[dt.date]:
    """The weekdays from the first day to the last."""
    day = dt.date.fromisoformat(first)
    while day <= dt.date.fromisoformat(last):
        if day.weekday() < 5:
            yield day
        day += dt.timedelta(days=1)


def reps(count: int, role: str) -> list[str]:
    """So many reps in two teams, hired long ago."""
    teams = ("North", "South")
    return [REPS, *(f"r{n},Rep {n},{role},{teams[n % 2]},2020-01-01" for n in range(count))]


def calls(count: int, first: str, last: str, per_day: int) -> list[str]:
    """Calls of each rep on each weekday."""
    return [
        CALLS,
        *(
            f"a{day:%y%m%d}{rep}{n},r{rep},call,outbound,connected,{day}T18:{n:02}:00Z,60"
            for day in days(first, last)
            for rep in range(count)
            for n in range(per_day)
        ),
    ]


def deals(count: int, closings: Sequence[str], amount: int) -> list[str]:
    """One won deal of each rep on each of these days, opened 70 days before."""
    rows = [DEALS]
    for closing in closings:
        opened = dt.date.fromisoformat(closing) - dt.timedelta(days=70)
        for rep in range(count):
            number = f"{closing}-{rep}"
            rows.append(f"o{number},r{rep},{amount},USD,{opened}T18:00:00Z,{closing},true,true")
    return rows


QUARTERS = ["2025-03-05", "2025-05-29", "2025-09-17", "2025-10-22", "2026-02-12", "2026-06-03"]
MONTHS = [f"{year}-{month:02}-18" for year in (2025, 2026) for month in range(1, 13)]
SHUT = [day.isoformat() for day in days("2025-12-22", "2026-01-02")]
# as of which day, the files, and the days on which everybody is off
SHAPES: dict[str, tuple[str, Files, list[str]]] = {
    # nobody won anything in the last four weeks
    "one deal a quarter": (
        "2026-10-30",
        {"reps": reps(9, "AE"), "opportunities": deals(9, [*QUARTERS, "2026-09-16"], 140_000)},
        [],
    ),
    # ten weekdays without a record, all of them holidays
    "closed for two weeks": (
        "2026-01-02",
        {"reps": reps(4, "SDR"), "activities": calls(4, "2025-07-01", "2025-12-19", 14)},
        SHUT,
    ),
    "deals only": (
        "2026-11-20",
        {"reps": reps(5, "AM"), "opportunities": deals(5, MONTHS[:23], 8_000)},
        [],
    ),
    "three weeks old": (
        "2026-11-20",
        {"reps": reps(3, "SDR"), "activities": calls(3, "2026-11-02", "2026-11-20", 19)},
        [],
    ),
    # on leave since Monday of last week
    "one rep": (
        "2026-11-20",
        {
            "reps": reps(1, "SDR"),
            "activities": calls(1, "2026-05-04", "2026-11-06", 23),
            "time_off": ["rep_id,start_date,end_date", "r0,2026-11-09,2026-11-27"],
        },
        [],
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which companies can be set up."""
    return copy_project(tmp_path_factory.mktemp("project"))


def scorecard(project: Path, name: str, *arguments: str, **environment: str) -> str:
    code, output = run(project, {"SCORECARD_COMPANY": name, **environment}, *arguments)
    assert code == 0, output
    return output


def published(project: Path, name: str, sql: str) -> list[tuple[object, ...]]:
    path = project / "data" / name / "published/current/scorecard.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_healthy_company_publishes(project: Path, shape: str) -> None:
    as_of, files, holidays = SHAPES[shape]
    name = shape.replace(" ", "_")
    scorecard(project, name, "init", name)
    for table, rows in files.items():
        (project / f"data/{name}/files/{table}.csv").write_text("\n".join([*rows, ""]))
    custom = project / f"dbt_project/seeds/{name}/custom_holidays.csv"
    header = custom.read_text().splitlines()[0]
    rest = "," * (header.count(",") - 2)
    custom.write_text("\n".join([header, *(f",{day},Closed{rest}" for day in holidays), ""]))

    scorecard(project, name, "check")
    scorecard(project, name, "refresh", "--no-reports", "--as-of", as_of)

    count = len(files["reps"]) - 1
    current = "select count(*) from marts.scorecard_reps where is_current and period_type = 'month'"
    assert published(project, name, current) == [(count,)]


def test_a_salesforce_with_two_split_types_publishes(project: Path) -> None:
    org = Org(client_secret="s", now=dt.datetime(2026, 11, 21, 6, tzinfo=dt.UTC))
    people = [f"005{n:012}AAA" for n in range(2)]
    org.put("UserRole", "00E000000000001AAA", Name="AE")
    for number, person in enumerate(people):
        org.put(
            "User", person, Name=f"Rep {number}", IsActive="true", UserRoleId="00E000000000001AAA",
            UserType="Standard", Email=f"r{number}@example.com",
        )  # fmt: skip
    for number, closing in enumerate(MONTHS[:23]):
        deal = f"006{number:012}AAA"
        org.put(
            "Opportunity", deal, OwnerId=people[0], StageName="Closed Won", CloseDate=closing,
            CreatedDate=f"{closing[:4]}-01-02T12:00:00.000Z", IsClosed="true", IsWon="true",
            Amount="200000",
        )  # fmt: skip
        for field, shares in (("Amount", (70, 30)), ("Services__c", (20, 80))):
            for person, share in zip(people, shares, strict=True):
                org.put(
                    "OpportunitySplit", f"1AB{field[0]}{number:03}{share:08}AAA",
                    OpportunityId=deal, SplitOwnerId=person, SplitPercentage=str(share),
                    **{
                        "SplitType.SplitField": field, "SplitType.MasterLabel": field,
                        "SplitType.IsTotalValidated": "true",
                    },
                )  # fmt: skip
    org.now += dt.timedelta(hours=1)
    scorecard(project, "two_splits", "init", "two_splits")
    with serving(org) as url:
        scorecard(
            project,
            "two_splits",
            *("refresh", "--no-reports", "--as-of", "2026-11-20"),
            SCORECARD_SOURCES="salesforce",
            SCORECARD_SALESFORCE_URL=url,
            SCORECARD_SALESFORCE_CLIENT_ID="client",
            SCORECARD_SALESFORCE_CLIENT_SECRET="s",
            SCORECARD_SALESFORCE_OBJECTS="User,UserRole,Opportunity,OpportunitySplit,Task,Event",
        )

    credit = (
        "select round(sum(value)) from marts.fct_lagging_metrics_daily"
        " where metric_id = 'revenue_won' and date_day = date '2026-11-18'"
        " group by rep_id order by 1"
    )
    assert published(project, "two_splits", credit) == [(60_000,), (140_000,)]
