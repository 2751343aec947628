"""Every record is there once, with the right value, whatever the network does."""

from __future__ import annotations

import datetime as dt
import io
import logging
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from orchestration.core.errors import ConfigError, InputError, ScorecardError
from orchestration.core.settings import Settings
from orchestration.sources.salesforce import load as salesforce_load
from orchestration.sources.salesforce import source as salesforce_source
from orchestration.sources.salesforce.client import SalesforceClient, SalesforceSettings, parse_csv
from orchestration.sources.salesforce.load import load_salesforce
from orchestration.sources.salesforce.objects import OBJECTS, snake
from orchestration.sources.salesforce.source import check_salesforce
from orchestration.sources.shared import http
from orchestration.sources.shared.load import TableLoad
from tests.sources.fake_salesforce import Org, serving
from tests.sources.killing import KILLS, kill_at_random, killed_after

# what changes the state of a load
STATE = (salesforce_load, "_write_cursor", "_merge")

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
ENVIRONMENT = {
    "SCORECARD_SALESFORCE_CLIENT_ID": "client",
    "SCORECARD_SALESFORCE_CLIENT_SECRET": "secret",
}


class Sync:
    """A company that is loaded from an org again and again."""

    def __init__(self, settings: Settings, org: Org, url: str) -> None:
        self.settings = settings
        self.org = org
        self.environment = {**ENVIRONMENT, "SCORECARD_SALESFORCE_URL": url}
        self.sleeps: list[float] = []

    def client(self, **environment: str) -> SalesforceClient:
        settings = SalesforceSettings.from_environment(
            self.environment
            | {f"SCORECARD_SALESFORCE_{name}": value for name, value in environment.items()}
        )
        return SalesforceClient(settings, sleep=self.sleeps.append)

    def load(self, *, full: bool = False, **environment: str) -> dict[str, TableLoad]:
        environment = {"OBJECTS": "User,Opportunity,Task", **environment}
        self.settings.state_dir.mkdir(parents=True, exist_ok=True)
        loads = load_salesforce(
            self.settings, self.client(**environment), full=full, now=self.org.now
        )
        return {load.table_name: load for load in loads}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def raw(self, name: str) -> dict[str, tuple[str | None, ...]]:
        columns = "id, subject_or_name, system_modstamp, _is_deleted".replace(
            "subject_or_name", LABEL[name][1]
        )
        rows = self.query(f"select {columns} from raw_salesforce.{snake(name)}")
        found = {row[0]: tuple(row[1:]) for row in rows}
        assert len(found) == len(rows), "a record is there twice"
        return found

    def crm(self, name: str) -> dict[str, tuple[str | None, ...]]:
        return {
            record_id: (
                record.get(LABEL[name][0]) or None,
                record["SystemModstamp"],
                record.get("IsDeleted", "false"),
            )
            for record_id, record in self.org.records[name].items()
        }


LABEL = {
    "User": ("Name", "name"),
    "Opportunity": ("Amount", "amount"),
    "Task": ("Status", "status"),
}


@pytest.fixture
def sync(settings: Settings) -> Iterator[Sync]:
    org = Org()
    for number in range(3):
        org.put("User", f"005{number}", Name=f"User {number}", IsActive="true")
    for number in range(5):
        org.put("Task", f"00T{number}", Status="Completed", CreatedDate="2026-10-20T10:00:00.000Z")
    org.put("Opportunity", "0061", Amount="10.5", StageName="Won")
    org.now += dt.timedelta(hours=1)
    with serving(org) as url:
        yield Sync(settings, org, url)


def test_records_arrive_once_and_only_changes_arrive_later(sync: Sync) -> None:
    first = sync.load()
    assert (first["task"].rows, first["task"].rows_changed) == (5, 5)
    for name in LABEL:
        assert sync.raw(name) == sync.crm(name)
    sync.org.now += dt.timedelta(hours=1)
    again = sync.load()
    assert [load.rows_changed for load in again.values()] == [0, 0, 0]
    sync.org.put("Task", "00T1", Status="Deferred")
    sync.org.put("Task", "00T9", Status="Completed")
    sync.org.put("Task", "00T2", IsDeleted="true")
    sync.org.now += dt.timedelta(hours=1)
    assert sync.load()["task"].rows_changed == 3
    assert sync.raw("Task") == sync.crm("Task")
    assert "SystemModstamp >= 2026-11-01T13:45:00.000Z" in sync.org.queries[-1]


@pytest.mark.parametrize("rows", [0, 1, 3, 4])
def test_no_page_is_lost(sync: Sync, rows: int) -> None:
    sync.org.page_rows = 3
    sync.org.records["Task"].clear()
    for number in range(rows):
        sync.org.put("Task", f"00T{number}", Status="Completed")
    sync.org.now += dt.timedelta(hours=1)
    assert sync.load()["task"].rows == rows
    assert sync.raw("Task") == sync.crm("Task")


def test_changes_while_pages_are_read_come_with_the_next_load(sync: Sync) -> None:
    sync.org.page_rows = 2
    sync.org.before_page = lambda: sync.org.put("Task", "00T1", Status="Changed meanwhile")
    sync.load()
    sync.org.before_page = None
    sync.org.now += dt.timedelta(hours=1)
    sync.load()
    assert sync.raw("Task") == sync.crm("Task")


def test_a_load_goes_on_where_another_was_killed_and_then_up_to_now(sync: Sync) -> None:
    sync.org.page_rows = 2
    with killed_after(3, *STATE):  # after the first page of the users
        sync.load(OBJECTS="User,Opportunity")
    [job] = sync.query("select job_id from raw_salesforce._cursors where object_name = 'User'")
    assert job[0] in sync.org.jobs
    sync.org.put("User", "0051", Name="Changed meanwhile")
    sync.org.now += dt.timedelta(hours=1)
    asked = len(sync.org.queries)
    sync.load(OBJECTS="User,Opportunity")
    assert len(sync.org.queries) == asked + 2  # the window after the one that went on, and deals
    assert sync.raw("User") == sync.crm("User")
    sync.org.jobs.clear()  # Salesforce keeps results for a week
    assert sync.load(OBJECTS="User,Opportunity")["user"].rows_changed == 0


@pytest.mark.parametrize(
    "fault",
    ["429", "429 later", "500", "503", "reset", "reset in body", "truncated", "missing row", "401"],
)
def test_what_passes_is_tried_again(sync: Sync, fault: str) -> None:
    # at the limits, at the description of User, and at the first page of its results
    sync.org.faults = ["", fault, "", fault, "", "", "", fault]
    if fault == "401":
        sync.org.faults = ["", "", "401"]
    sync.load(OBJECTS="User,Opportunity")
    for name in ("User", "Opportunity"):
        assert sync.raw(name) == sync.crm(name)
    if fault == "429 later":
        assert 1.0 in sync.sleeps
    assert len(sync.org.tokens) == 1  # one is renewed, and only when it has expired


def test_a_page_that_does_not_come_is_asked_for_again(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.3)
    slow = iter([0.8])
    sync.org.before_page = lambda: time.sleep(next(slow, 0))
    sync.load(OBJECTS="User,Opportunity")
    assert sync.raw("User") == sync.crm("User")


def test_a_token_is_renewed_only_once(sync: Sync) -> None:
    sync.org.faults = ["", "401", "", "401"]
    with pytest.raises(ConfigError, match=r"does not accept the token"):
        sync.load()


def test_a_session_may_end_more_than_once_in_a_load(sync: Sync) -> None:
    sync.org.faults = ["", "", "401", "", "", "", "401"]
    sync.load(OBJECTS="User,Opportunity")
    assert sync.org.faults == []
    for name in ("User", "Opportunity"):
        assert sync.raw(name) == sync.crm(name)


@pytest.mark.parametrize("at", [0, 3, 8])  # at once, at a description, at the second object
def test_three_nights_without_salesforce_lose_nothing(sync: Sync, at: int) -> None:
    sync.load(OBJECTS="User,Opportunity")
    for night in range(3):
        sync.org.put("Opportunity", f"0069{night}", Amount=str(night))
        sync.org.put("Opportunity", "0061", Amount=str(night))
        sync.org.now += dt.timedelta(days=1)
        sync.org.faults = [""] * at + ["503"] * 100
        with pytest.raises(ScorecardError, match=r"Refresh again|nothing was published"):
            sync.load(OBJECTS="User,Opportunity")
    sync.org.faults = []
    sync.load(OBJECTS="User,Opportunity")
    assert sync.raw("Opportunity") == sync.crm("Opportunity")


def test_other_refusals_are_not_tried_again(sync: Sync) -> None:
    sync.org.client_secret = "another"
    with pytest.raises(ConfigError, match=r"does not let us in .*invalid_client"):
        sync.load()
    assert sync.sleeps == []
    assert sum(sync.org.asked.values()) == 1


def test_an_object_without_permission_is_named_and_the_others_are_loaded(sync: Sync) -> None:
    sync.org.forbidden = {"Opportunity"}
    with pytest.raises(InputError, match=r"1 of 3 objects.*\n- Opportunity: .*View All Records"):
        sync.load()
    assert sync.raw("Task") == sync.crm("Task")


def test_hidden_fields_are_named(sync: Sync) -> None:
    del sync.org.fields["Task"]["CallDisposition"]
    assert "Task has no CallDisposition" in sync.load()["task"].warnings[0]
    assert sync.query("select call_disposition from raw_salesforce.task limit 1") == [(None,)]
    del sync.org.fields["Opportunity"]["StageName"]
    with pytest.raises(InputError, match="does not see StageName"):
        sync.load()


def test_a_field_that_appears_is_read_for_old_records_too(sync: Sync) -> None:
    del sync.org.fields["Task"]["CallDisposition"]
    sync.load()
    for record in sync.org.records["Task"].values():
        record["CallDisposition"] = "Connected"
    sync.org.fields["Task"]["CallDisposition"] = "string"
    sync.org.now += dt.timedelta(hours=1)
    sync.load()
    found = sync.query("select distinct call_disposition from raw_salesforce.task")
    assert found == [("Connected",)]
    changes = sync.query("select object_name, field, what from raw_salesforce._field_changes")
    assert changes == [("Task", "CallDisposition", "appeared")]


def test_a_custom_field_is_read_where_it_is_named(sync: Sync) -> None:
    sync.org.fields["Task"]["Outcome__c"] = "picklist"
    sync.org.put("Task", "00T1", Outcome__c="Held")
    sync.org.now += dt.timedelta(hours=1)
    sync.load(FIELDS="Task.outcome=Outcome__c")
    sql = "select custom_outcome from raw_salesforce.task where id = '00T1'"
    assert sync.query(sql) == [("Held",)]
    with pytest.raises(InputError, match="names Nothing__c"):
        sync.load(FIELDS="Task.outcome=Nothing__c")


def test_quotas_are_read_where_they_are_named(sync: Sync) -> None:
    sync.org.put(
        "ForecastingQuota", "0J91", QuotaOwnerId="0051", StartDate="2026-11-16",
        QuotaAmount="5000", **{"Period.Type": "Quarter", "Period.EndDate": "2027-02-14"},
    )  # fmt: skip
    sync.org.now += dt.timedelta(hours=1)
    assert "ForecastingQuota" not in sync.client(OBJECTS="").settings.objects
    assert sync.load(OBJECTS="User,Opportunity,ForecastingQuota")["forecasting_quota"].rows == 1
    sql = "select quota_owner_id, start_date, quota_amount, period_type, period_end_date"
    assert sync.query(f"{sql} from raw_salesforce.forecasting_quota") == [
        ("0051", "2026-11-16", "5000", "Quarter", "2027-02-14")
    ]
    sync.org.purge("ForecastingQuota", "0J91")  # it has no recycle bin
    sync.org.now += dt.timedelta(days=8)
    loaded = sync.load(OBJECTS="User,Opportunity,ForecastingQuota")["forecasting_quota"]
    assert loaded.rows_deleted == 1


def test_the_day_s_limit_is_left_to_others(sync: Sync) -> None:
    sync.org.calls = sync.org.max_calls - 1000
    with pytest.raises(ScorecardError, match="last 10% are left to other programs"):
        sync.load()
    sync.org.calls, sync.org.max_calls = 12, 10
    with pytest.raises(ScorecardError, match="API calls"):
        sync.load()


def test_rows_that_do_not_come_are_noticed(sync: Sync) -> None:
    sync.org.lost_rows = 1
    with pytest.raises(InputError, match=r"Task: 4 records came where .* counted 5"):
        sync.load()
    sync.org.lost_rows = 0
    sync.load()
    assert sync.raw("Task") == sync.crm("Task")


def test_archived_activities_are_read(sync: Sync) -> None:
    sync.org.put("Task", "00Told", Status="Completed", CreatedDate="2023-01-01T10:00:00.000Z")
    sync.org.now += dt.timedelta(hours=1)
    sync.load()
    assert "00Told" in sync.raw("Task")
    sync.org.now += dt.timedelta(days=8)
    sync.load()  # the comparison of live ids must see them too
    assert sync.raw("Task") == sync.crm("Task")


def test_what_was_purged_is_deleted_within_a_week_and_can_come_back(sync: Sync) -> None:
    sync.load()
    gone = sync.org.records["Task"]["00T1"]
    sync.org.purge("Task", "00T1")
    sync.org.now += dt.timedelta(days=1)
    sync.load()
    assert sync.raw("Task")["00T1"][-1] == "false"
    sync.org.now += dt.timedelta(days=7)
    assert sync.load()["task"].rows_deleted == 1
    assert sync.raw("Task")["00T1"][-1] == "true"
    sync.org.records["Task"]["00T1"] = gone  # with its old stamp, which no window sees
    sync.org.now += dt.timedelta(days=8)
    sync.load()
    assert sync.raw("Task") == sync.crm("Task")


def test_months_of_old_and_new_dates_are_noted(sync: Sync) -> None:
    sync.load()
    months = "select month_start::varchar from raw_files._changed_months order by 1"
    assert sync.query(months) == [("2026-10-01",)]
    with duckdb.connect(str(sync.settings.warehouse_path)) as connection:
        connection.execute("delete from raw_files._changed_months")
    sync.org.put("Task", "00T1", CreatedDate="2026-07-15T10:00:00.000Z")
    sync.org.now += dt.timedelta(hours=1)
    sync.load()
    assert sync.query(months) == [("2026-07-01",), ("2026-10-01",)]


def test_signing_in_with_a_private_key(sync: Sync, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    sync.org.public_key = key.public_key()
    jwt = {"PRIVATE_KEY_FILE": str(path), "USERNAME": "etl@acme.com", "CLIENT_SECRET": ""}
    assert sync.load(**jwt)["task"].rows == 5
    sync.org.public_key = rsa.generate_private_key(65537, 2048).public_key()
    with pytest.raises(ConfigError, match="invalid_grant"):
        sync.load(**jwt)
    with pytest.raises(ConfigError, match="cannot be read as a PEM key"):
        sync.load(**jwt | {"PRIVATE_KEY_FILE": str(tmp_path / "absent.pem")})


def test_the_check_says_what_is_there_and_what_is_missing(sync: Sync) -> None:
    text, warnings = check_salesforce(sync.client())
    assert "8 objects can be read" in text
    assert warnings == []
    sync.org.forbidden = {"Event", "Lead"}
    with pytest.raises(ConfigError, match=r"something is missing.\n- Lead: .*\n- Event: "):
        check_salesforce(sync.client())


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"URL": "http://acme.my.salesforce.com"}, "is not the address of an org"),
        ({"CLIENT_ID": ""}, "CLIENT_ID is missing"),
        ({"CLIENT_SECRET": ""}, "CLIENT_SECRET is missing"),
        ({"CLIENT_SECRET": "", "PRIVATE_KEY_FILE": "x"}, "USERNAME is missing"),
        ({"OBJECTS": "User,Opportunities"}, "'Opportunities' is not an object"),
        ({"OBJECTS": "Task"}, "User and Opportunity cannot be left out"),
        ({"FIELDS": "Task.mood=Mood__c"}, "'Task.mood=Mood__c' is not understood"),
    ],
)
def test_settings_that_cannot_be_used_say_so(variables: dict[str, str], said: str) -> None:
    environment = {**ENVIRONMENT, "SCORECARD_SALESFORCE_URL": "https://acme.my.salesforce.com"}
    given_ = {f"SCORECARD_SALESFORCE_{name}": value for name, value in variables.items()}
    with pytest.raises(ConfigError, match=said):
        SalesforceSettings.from_environment(environment | given_)


@pytest.fixture
def looking(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Looks at the org through the environment, as a sensor does."""
    for name, value in sync.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SCORECARD_SALESFORCE_OBJECTS", "User,Opportunity,Task")
    return lambda seen=None: salesforce_source.poll(sync.settings, seen)


def test_a_look_sees_changes_and_costs_one_call(sync: Sync, looking: Callable[..., Any]) -> None:
    seen = looking()
    assert looking(seen) == seen
    sync.org.now += dt.timedelta(hours=2)
    calls = sync.org.calls
    assert looking(seen) == seen
    assert sync.org.calls == calls + 1
    sync.org.put("Task", "00T1", IsDeleted="true")
    assert looking(seen) != seen
    sync.org.now += dt.timedelta(seconds=1)
    seen = looking()
    sync.org.put("User", "0051", LastLoginDate="2026-11-01T12:00:00.000Z")
    assert looking(seen) == seen


def test_a_look_sees_a_record_that_was_committed_late(
    sync: Sync, looking: Callable[..., Any]
) -> None:
    """It is stamped before a record that was seen already."""
    sync.org.put("Task", "00T1", Status="Deferred")
    sync.org.now += dt.timedelta(seconds=5)
    seen = looking()
    sync.org.now -= dt.timedelta(seconds=10)
    sync.org.put("Task", "00T2", Status="Deferred")
    sync.org.now += dt.timedelta(seconds=10)
    assert looking(seen) != seen


def test_what_a_refresh_does_not_read_is_news_to_the_look_after_it(
    sync: Sync, looking: Callable[..., Any]
) -> None:
    """A record of the very second in which the windows end, which leave it out."""
    sync.org.put("Task", "00T1", Status="Just now")
    seen = looking()
    sync.load()
    assert sync.raw("Task") != sync.crm("Task")
    assert looking(seen) != seen
    sync.org.now += dt.timedelta(seconds=1)
    seen = looking()
    sync.load()
    assert sync.raw("Task") == sync.crm("Task")
    assert looking(seen) == seen


def test_an_object_that_cannot_be_counted_is_named(sync: Sync, looking: Callable[..., Any]) -> None:
    sync.org.forbidden = {"Task"}
    with pytest.raises(ScorecardError, match="Task: Salesforce refuses to count its changes"):
        looking()


def test_text_with_line_breaks_stays_one_cell_and_numbers_stay_text() -> None:
    page = parse_csv(b'"Id","Name"\n"001","a\nb, ""c"""\n"002",""\n')
    assert page.to_pydict() == {"Id": ["001", "002"], "Name": ['a\nb, "c"', None]}


def test_names_become_columns() -> None:
    names = {"TimeZoneSidKey": "time_zone_sid_key", "SplitType.IsTotalValidated":
             "split_type_is_total_validated", "CreatedDate": "created_date"}  # fmt: skip
    assert {name: snake(name) for name in names} == names


def test_no_body_or_description_is_asked_for(sync: Sync) -> None:
    sync.load()
    assert not any("Description" in query or "Body" in query for query in sync.org.queries)
    assert not any("description" in one.columns for one in OBJECTS)


CANARY = "canary-5ecre7-7h47-mu57-n0t-le4k"


def test_a_secret_is_in_no_error_and_no_log(
    sync: Sync, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    sync.org.client_secret = CANARY
    written = io.StringIO()
    outcomes = []
    with caplog.at_level(logging.DEBUG), redirect_stdout(written), redirect_stderr(written):
        sync.load(CLIENT_SECRET=CANARY)
        for faults in (["401", "", "401"], ["reset"] * 6, ["500"] * 9, ["", "truncated"] * 9):
            sync.org.faults = faults
            try:
                sync.load(CLIENT_SECRET=CANARY)
            except ScorecardError as error:
                outcomes.append(f"{error!r} {error.__cause__!r} {error.__context__!r}")
        sync.org.faults, sync.org.client_secret = [], "another"
        with pytest.raises(ConfigError) as refused:
            sync.load(CLIENT_SECRET=CANARY)
    settings = SalesforceSettings("https://x.my.salesforce.com", "client", CANARY)
    said = [written.getvalue(), caplog.text, str(refused.value), repr(settings), *outcomes]
    assert len(outcomes) >= 2
    tokens = [*sync.org.tokens, CANARY]
    assert not [text for text in said if any(token in text for token in tokens)]
    for path in sync.settings.data_dir.rglob("*"):
        if path.is_file():
            assert not any(token.encode() in path.read_bytes() for token in tokens), path


# what happens in a CRM and on the way; the org's clock goes on between steps
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 9), st.sampled_from(["a", "b", ""])),
        st.tuples(st.just("delete"), st.integers(0, 9), st.just("")),
        st.tuples(st.just("restore"), st.integers(0, 9), st.just("")),
        st.tuples(st.just("purge"), st.integers(0, 9), st.just("")),
        st.tuples(
            st.just("fault"),
            st.integers(0, 12),
            st.sampled_from(
                ["429", "500", "reset", "reset in body", "truncated", "missing row", "401"]
            ),
        ),
        st.tuples(st.just("load"), st.integers(0, 9), st.just("")),
        st.tuples(st.just("killed load"), st.integers(0, 9), st.just("")),
        st.tuples(st.just("wait"), st.integers(0, 200), st.just("")),
    ),
    max_size=14,
)


@pytest.mark.slow
@bounded(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_any_sequence_of_events_ends_in_raw_being_the_crm(steps: list[Any]) -> None:
    org = Org(page_rows=3)
    with tempfile.TemporaryDirectory() as folder, serving(org) as url:
        sync = Sync(replace(Settings(), data_dir=Path(folder)), org, url)
        only = {"OBJECTS": "User,Opportunity"}
        for what, number, text in steps:
            record_id = f"006{number}"
            known = record_id in org.records["Opportunity"]
            if what == "put":
                org.put("Opportunity", record_id, Amount=text)
            elif what == "delete" and known:
                org.put("Opportunity", record_id, IsDeleted="true")
            elif what == "restore" and known:
                org.put("Opportunity", record_id, IsDeleted="false")
            elif what == "purge" and known:
                org.purge("Opportunity", record_id)
            elif what == "fault":
                org.faults = [""] * number + [text]
            elif what == "wait":
                org.now += dt.timedelta(hours=number)
            elif what == "load":
                load_or_fail(sync, only)
            elif what == "killed load":
                with killed_after(number, *STATE):
                    load_or_fail(sync, only)
            org.now += dt.timedelta(seconds=1 if what != "load" else 0)
        org.faults = []
        org.now += dt.timedelta(days=8)  # live ids are compared every week
        sync.load(**only)
        found, crm = sync.raw("Opportunity"), sync.crm("Opportunity")
        for record_id in found.keys() - crm.keys():  # purged: a tombstone stays
            assert found.pop(record_id)[-1] == "true"
        assert found == crm


def load_or_fail(sync: Sync, only: dict[str, str]) -> None:
    try:
        sync.load(**only)
    except ScorecardError:
        pass


@pytest.mark.slow
@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_load_that_is_killed_at_random_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    """SCORECARD_TEST_KILLS=200 kills it 200 times; 20 times by default."""
    org = Org(page_rows=150, polls_until_done=0, max_calls=10_000_000)
    for number in range(900):
        org.put("Opportunity", f"006{number:06}", Amount=str(number))
    org.now += dt.timedelta(hours=1)

    def change(numbers: random.Random, loads: int) -> None:
        for _ in range(20):
            number = numbers.randrange(1100)
            org.put("Opportunity", f"006{number:06}", Amount=str(number * loads))
        org.now += dt.timedelta(seconds=30)

    def wait() -> None:
        org.now += dt.timedelta(hours=1)

    with serving(org) as url:
        kill_at_random(
            tmp_path,
            {
                **ENVIRONMENT,
                "SCORECARD_SALESFORCE_URL": url,
                "SCORECARD_SALESFORCE_OBJECTS": "User,Opportunity",
            },
            prepare="from orchestration.sources.salesforce.client import *\n"
            "from orchestration.sources.salesforce.load import *",
            load="client = SalesforceClient(SalesforceSettings.from_environment(),"
            " sleep=lambda _: None);"
            " load_salesforce(settings, client, now=dt.datetime.now(dt.UTC))",
            longest=2.5,
            change=change,
            before_last=wait,
        )
        sync = Sync(replace(Settings(), data_dir=tmp_path), org, url)
        assert sync.raw("Opportunity") == sync.crm("Opportunity")
