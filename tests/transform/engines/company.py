"""The demo company of the engines' tests: files, Salesforce and HubSpot each hold a part of it."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration import cli
from orchestration.core.settings import Settings
from orchestration.demo.company import generate
from orchestration.releases.release import current_release
from orchestration.sources.hubspot import objects as hubspot_objects
from orchestration.sources.salesforce import objects as salesforce_objects
from tests.sources import demo_account, demo_org, fake_hubspot, fake_salesforce

TODAY = dt.date(2025, 6, 30)
SOURCES = ("files", "salesforce", "hubspot")
# one record in ten each; splits and changes of stage go where their deal is
SALESFORCE, HUBSPOT = "1", "9"
READ = {
    "SCORECARD_SALESFORCE_OBJECTS": ",".join(
        one.name for one in salesforce_objects.OBJECTS if one.name != "Contact"
    ),
    "SCORECARD_HUBSPOT_OBJECTS": ",".join(one.name for one in hubspot_objects.OBJECTS),
    "SCORECARD_SALESFORCE_FIELDS": "Event.activity_type=Kind__c,Event.outcome=Result__c",
    "SCORECARD_HUBSPOT_FIELDS": "tasks.activity_type=kind",
}


@dataclass(frozen=True)
class Company:
    """The company, which engines compute in turn."""

    settings: Settings

    def refresh(self, target: str, *arguments: str) -> Path:
        """Refresh on an engine; what was published."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SCORECARD_TARGET", target)
            day = TODAY.isoformat()
            assert cli.run(["refresh", "--no-reports", "--as-of", day, *arguments]) == 0
        release = current_release(self.settings)
        assert release is not None
        return release.database

    @property
    def activities(self) -> Path:
        """The activities that no CRM holds."""
        return self.settings.files_dir / "activities.csv"

    def hold_back(self, day: dt.date = TODAY) -> str:
        """Leave a third of March, and what is after a day, out of the file; its whole text."""
        return hold_back(self.activities, day)


def hold_back(activities: Path, day: dt.date) -> str:
    """Leave a third of March, and what is after a day, out of a file; its whole text."""
    whole = activities.read_text()
    header, *lines = whole.splitlines(keepends=True)
    days = [line.split(",")[5][:10] for line in lines]  # occurred_at
    march = [place for place, found in enumerate(days) if found.startswith("2025-03")]
    gone = {*march[::3], *(place for place, found in enumerate(days) if found > f"{day}")}
    assert len(gone) >= len(march) / 3 > 100
    activities.write_text(
        header + "".join(line for place, line in enumerate(lines) if place not in gone)
    )
    return whole


@contextmanager
def serving(settings: Settings, days: int) -> Iterator[Company]:
    """Generate the company, and serve what its CRMs hold; the environment says where they are.

    They hold nothing if files are the only source.
    """
    generate(settings.files_dir, today=TODAY, reps=8, days=days)
    environment = {
        "SCORECARD_COMPANY": settings.company,
        "SCORECARD_DATA_DIR": str(settings.data_dir),
        "SCORECARD_SOURCES": ",".join(settings.sources),
    }
    with ExitStack() as stack:
        if settings.sources != ("files",):
            environment |= serve_crms(stack, settings.files_dir)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("SCORECARD_AS_OF_DATE", raising=False)
        yield Company(settings)


def serve_crms(stack: ExitStack, files: Path) -> dict[str, str]:
    """Move a part of the company into its CRMs and serve them; how they are reached."""
    now = dt.datetime.combine(TODAY, dt.time(6), dt.UTC) + dt.timedelta(days=1)
    org = fake_salesforce.Org(now=now, polls_until_done=0)
    account = fake_hubspot.Account(now=now)
    demo_org.move_into(org, _part(files, SALESFORCE))
    demo_account.move_into(account, _part(files, HUBSPOT))
    _add_people_of_salesforce(org)
    _add_people_of_hubspot(account)
    org.now += dt.timedelta(hours=1)  # what was stamped in this second comes with the next look
    account.now += dt.timedelta(hours=1)
    return {
        "SCORECARD_SALESFORCE_URL": stack.enter_context(fake_salesforce.serving(org)),
        "SCORECARD_SALESFORCE_CLIENT_ID": org.client_id,
        "SCORECARD_SALESFORCE_CLIENT_SECRET": org.client_secret,
        "SCORECARD_HUBSPOT_URL": stack.enter_context(fake_hubspot.serving(account)),
        "SCORECARD_HUBSPOT_SERVICE_KEY": account.key,
        **READ,
    }


def _part(files: Path, digit: str) -> Path:
    """Move the records whose id ends with a digit into a folder of their own."""
    folder = files.parent / f"moved_{digit}"
    folder.mkdir()
    shutil.copy(files / "reps.csv", folder)
    for name in demo_org.IN_THE_CRM:
        with (files / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            header, rows = reader.fieldnames or [], list(reader)
        key = "opportunity_id" if name.startswith("opportunit") else header[0]
        for place, is_moved in ((files, False), (folder, True)):
            with (place / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, header)
                writer.writeheader()
                writer.writerows(row for row in rows if row[key].endswith(digit) == is_moved)
    return folder


def _add_people_of_salesforce(org: fake_salesforce.Org) -> None:
    """A rep in Berlin, one who left, a portal user; demos, tasks to do, a shared deal, a quota."""
    org.fields["Opportunity"]["CurrencyIsoCode"] = "string"
    org.fields["Event"] |= {"Kind__c": "string", "Result__c": "string"}
    org.put("UserRole", "00E1", Name="AE")
    user = {"UserType": "Standard", "IsActive": "true"}
    org.put(
        "User", "005B", Name="Bo Ss", Email="bo@acme.example", UserRoleId="00E1",
        TimeZoneSidKey="Europe/Berlin", ManagerId="mgr_0001", **user,
    )  # fmt: skip
    org.put(
        "User", "005C", Name="Lea Ver", ManagerId="005B", UserType="Standard", IsActive="false",
        LastLoginDate="2025-05-06T07:00:00.000Z",
    )  # fmt: skip
    org.put("User", "005P", Name="Portal", IsActive="true", UserType="PowerPartner")
    for day in range(1, 29):
        # half an hour before midnight in Berlin
        org.put(
            "Event", f"00U{day}", OwnerId="005B", StartDateTime=f"2025-03-{day:02}T22:30:00.000Z",
            DurationInMinutes="30", Kind__c="Demo", Result__c="Held",
            CreatedDate=f"2025-03-{day:02}T23:00:00.000+0000",
        )  # fmt: skip
        org.put("Event", f"00V{day}", OwnerId="005C", ActivityDate=f"2025-04-{day:02}",
                IsChild=str(day % 2 == 0).lower())  # fmt: skip
        org.put(
            "Task", f"00T{day}", OwnerId="00GQueue", IsClosed=str(day % 3 == 0).lower(),
            Status="Completed", TaskSubtype="Email", ActivityDate=f"2025-05-{day:02}",
        )  # fmt: skip
    for number, (user_id, percent) in enumerate((("005B", "25"), ("rep_0003", "75"))):
        org.put("OpportunitySplit", f"1AB{number}", OpportunityId="006opp_1", SplitOwnerId=user_id,
                SplitPercentage=percent, **{"SplitType.IsTotalValidated": "true"})  # fmt: skip
    org.put(
        "ForecastingQuota", "0J91", QuotaOwnerId="005B", QuotaAmount="90000.5",
        StartDate="2025-04-01", ForecastingTypeId="0Db1",
        **{"Period.Type": "Quarter", "Period.StartDate": "2025-04-01",
           "Period.EndDate": "2025-06-30"},
    )  # fmt: skip


def _add_people_of_hubspot(account: fake_hubspot.Account) -> None:
    """The rep in Berlin, one who came back as another owner, one who left; demos and goals."""
    account.owners += [
        {"id": number, "userId": user_id, "email": email, "firstName": first, "lastName": last,
         "archived": archived, "updatedAt": "2025-05-03T00:00:00.000Z",
         "teams": [{"id": "1", "name": "North", "primary": True}] if number == "44" else []}
        for number, user_id, email, first, last, archived in (
            ("42", 7, "Bo@acme.example", "Bo", "Ss", False),
            ("43", 8, "kim@acme.example", "Kim", "Ito", True),
            ("44", 9, "kim@acme.example", "Kim", "Ito", False),
            ("45", 10, "gone@acme.example", None, None, True),
        )
    ]  # fmt: skip
    account.put("users", "900", hs_internal_user_id="9", hs_job_title="AE",
                hs_standard_time_zone="Europe/London")  # fmt: skip
    for day in range(1, 29):
        moment = f"2025-03-{day:02}T23:45:00Z"
        account.put(
            "meetings", str(900_000 + day), hubspot_owner_id=str(42 + day % 4),
            hs_activity_type="Demo", hs_meeting_outcome="HELD", hs_meeting_start_time=moment,
            hs_meeting_end_time=f"2025-03-{day:02}T23:59:30Z", hs_timestamp=moment,
        )  # fmt: skip
    for number, amount, more in (
        ("1", "5000.25", {"hubspot_owner_id": "44"}),
        ("2", "6000", {"hubspot_owner_id": "44"}),  # set anew
        ("3", "700", {"hubspot_owner_id": "45", "hs_pipeline_ids": "a"}),
        ("4", "80", {"hubspot_owner_id": "45", "hs_pipeline_ids": "b"}),
    ):
        account.put(
            "goal_targets", number, hs_goal_type="sales_quota", hs_target_amount=amount,
            hs_start_datetime="2025-04-01T00:00:00Z", hs_end_datetime="2025-04-30T23:59:59.999Z",
            **more,
        )  # fmt: skip


def checks(database: Path) -> dict[tuple[str, str], bool]:
    """Whether each check of a release passed."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, check_name, passed from marts.data_checks"
            " where release_id = (select max(release_id) from marts.data_checks)"
        ).fetchall()
    return {(table, name): passed for table, name, passed in rows}


# one a day in Salesforce, and each fourth day in HubSpot; Kim is two owners
DEMOS_HELD = {"005B": 28 + 7, "44": 7 + 7}


def demos_held(database: Path) -> dict[str, int]:
    """Demos held in March of those whom only the CRMs know, as a release says."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select rep_id, cast(actual as integer) from marts.scorecard_rep_metrics"
            " where metric_id = 'demos_held' and period_type = 'month'"
            " and period_start = date '2025-03-01' and rep_id in ('005B', '44')"
        ).fetchall()
    return dict(rows)
