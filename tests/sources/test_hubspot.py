"""Every record is there once, with the right value, whatever the network does."""

from __future__ import annotations

import datetime as dt
import io
import logging
import random
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from orchestration.core.errors import ConfigError, InputError, ScorecardError
from orchestration.core.settings import Settings
from orchestration.sources.hubspot import load as hubspot_load
from orchestration.sources.hubspot import objects as hubspot_objects
from orchestration.sources.hubspot import source as hubspot_source
from orchestration.sources.hubspot.client import HubSpotClient, HubSpotSettings
from orchestration.sources.hubspot.load import load_hubspot
from orchestration.sources.hubspot.objects import OBJECT_BY_NAME, OBJECTS
from orchestration.sources.hubspot.source import check_hubspot
from orchestration.sources.shared import http
from orchestration.sources.shared.load import TableLoad
from tests.sources.fake_hubspot import Account, serving
from tests.sources.killing import KILLS, kill_at_random, killed_after

# what changes the state of a load
STATE = (hubspot_load._Load, "_write_cursor", "_merge_rows", "_mark_deleted")

LABEL = {"deals": "amount", "calls": "hs_call_status", "contacts": "lifecyclestage",
         "meetings": "hs_meeting_outcome"}  # fmt: skip


class Sync:
    """A company that is loaded from an account again and again."""

    def __init__(self, settings: Settings, account: Account, url: str) -> None:
        self.settings = settings
        self.account = account
        self.url = url
        self.sleeps: list[float] = []
        self.time = 0.0

    def client(self, **environment: str) -> HubSpotClient:
        environment = {"SERVICE_KEY": "key", "URL": self.url, **environment}
        return HubSpotClient(
            HubSpotSettings.from_environment(
                {f"SCORECARD_HUBSPOT_{name}": value for name, value in environment.items()}
            ),
            sleep=self.sleep,
            clock=lambda: self.time,
        )

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds

    def load(self, *, full: bool = False, **environment: str) -> dict[str, TableLoad]:
        environment = {"OBJECTS": "deals,calls", **environment}
        self.settings.state_dir.mkdir(parents=True, exist_ok=True)
        loads = load_hubspot(
            self.settings, self.client(**environment), full=full, now=self.account.now
        )
        return {load.table_name: load for load in loads}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def raw(self, name: str) -> dict[str, tuple[str | None, ...]]:
        """What is live in raw."""
        one = OBJECT_BY_NAME[name]
        others = [f"{hubspot_objects.SINGULAR[to]}_ids" for to in one.associations]
        rows = self.query(
            f"select id, _is_deleted, {', '.join([LABEL[name], one.stamp, *others])}"
            f" from raw_hubspot.{one.table}"
        )
        assert len({row[0] for row in rows}) == len(rows), "a record is there twice"
        return {row[0]: row[2:] for row in rows if row[1] == "false"}

    def crm(self, name: str) -> dict[str, tuple[str | None, ...]]:
        """What is live in the account."""
        one = OBJECT_BY_NAME[name]
        return {
            record.id: (
                record.properties.get(LABEL[name]) or None,
                record.properties[one.stamp],
                *(
                    ";".join(sorted(record.associations.get(to, ()), key=int)) or None
                    for to in one.associations
                ),
            )
            for record in self.account.records[name].values()
            if not record.archived
        }

    def is_exact(self, *names: str) -> None:
        for name in names or ("deals", "calls"):
            assert self.raw(name) == self.crm(name)

    def owners(self) -> set[tuple[Any, ...]]:
        """What raw has of owners."""
        return set(self.query("select id, email, is_archived from raw_hubspot.owner"))

    def stages(self) -> list[tuple[Any, ...]]:
        """The stages that live deals had, in raw."""
        return self.query(
            "select deal_id, stage_id from raw_hubspot.deal_stage_history"
            " where deal_id in (select id from raw_hubspot.deal where _is_deleted = 'false')"
            " order by deal_id, changed_at"
        )

    def asked(self, part: str) -> int:
        return sum(part in path for path in self.account.asked)


def add_owners_and_stages(account: Account) -> None:
    account.owners = [
        {"id": "41", "email": "ann@acme.com", "firstName": "Ann", "lastName": "Lee", "userId": 7,
         "updatedAt": "2026-01-01T00:00:00.000Z", "archived": False,
         "teams": [{"id": "1", "name": "South"}, {"id": "2", "name": "North", "primary": True}]},
        {"id": "42", "email": "bob@acme.com", "firstName": "Bob", "lastName": "Ray",
         "userIdIncludingInactive": 8, "updatedAt": "2026-05-01T00:00:00Z", "archived": True},
    ]  # fmt: skip
    account.pipelines = [
        {"id": "default", "label": "Sales", "stages": [
            {"id": "new", "label": "New", "metadata": {"isClosed": "false", "probability": "0.1"}},
            {"id": "won", "label": "Won", "metadata": {"isClosed": "true", "probability": "1.0"}},
        ]},
    ]  # fmt: skip
    account.options["calls", "hs_call_disposition"] = {"f240": "Connected"}


def small_account() -> Account:
    account = Account()
    for number in range(1, 6):
        account.put("calls", f"{number}", hs_call_status="COMPLETED",
                    hs_timestamp="2026-10-20T10:00:00Z")  # fmt: skip
    account.put("contacts", "1", lifecyclestage="lead")
    account.put("deals", "1", amount="10.5", dealstage="new", pipeline="default")
    account.associate("deals", "1", "contacts", "1")
    account.associate("calls", "2", "deals", "1")
    account.now += dt.timedelta(hours=1)
    return account


@pytest.fixture
def sync(settings: Settings) -> Iterator[Sync]:
    account = small_account()
    with serving(account) as url:
        yield Sync(settings, account, url)


def test_records_arrive_once_and_only_changes_arrive_later(sync: Sync) -> None:
    first = sync.load()
    assert (first["call"].rows, first["call"].rows_changed) == (5, 5)
    sync.is_exact()
    sync.account.now += dt.timedelta(hours=1)
    assert [load.rows_changed for load in sync.load().values()] == [0] * 6
    sync.account.put("calls", "1", hs_call_status="BUSY")
    sync.account.put("calls", "9", hs_call_status="COMPLETED")
    sync.account.associate("calls", "9", "contacts", "1", "2")
    sync.account.archive("calls", "2")
    sync.account.now += dt.timedelta(hours=1)
    lists = sync.asked("/objects/2026-09/calls")
    load = sync.load()["call"]
    assert (load.rows_changed, load.rows_deleted) == (2, 1)
    sync.is_exact()
    # a search, three lists of associations beside it, and the archived ones; no sweep
    assert sync.asked("/objects/2026-09/calls") - lists == 2


def test_owners_stages_and_labels_are_read(sync: Sync) -> None:
    add_owners_and_stages(sync.account)
    sync.account.max_rows = 1  # one page each
    sync.load()
    assert sync.query(
        "select id, user_id, email, first_name, team, is_archived, updated_at"
        " from raw_hubspot.owner order by id"
    ) == [
        ("41", "7", "ann@acme.com", "Ann", "North", "false", "2026-01-01T00:00:00.000Z"),
        ("42", "8", "bob@acme.com", "Bob", None, "true", "2026-05-01T00:00:00.000Z"),
    ]
    assert sync.query("select id, is_closed, probability from raw_hubspot.pipeline_stage") == [
        ("default/new", "false", "0.1"),
        ("default/won", "true", "1.0"),
    ]
    options = "select object, value, label from raw_hubspot.property_option"
    assert sync.query(options) == [("calls", "f240", "Connected")]
    sync.account.options["calls", "hs_call_disposition"] = {"f240": "Answered"}
    sync.load()
    assert sync.query(options) == [("calls", "f240", "Answered")]


def test_stages_that_a_deal_had_are_kept(sync: Sync) -> None:
    sync.load()
    sync.account.now += dt.timedelta(hours=1)
    sync.account.put("deals", "1", dealstage="won")
    sync.account.now += dt.timedelta(hours=1)
    sync.load()
    sync.load(full=True)
    found = sync.query("select stage_id, changed_at from raw_hubspot.deal_stage_history order by 2")
    assert found == [("new", "2026-11-01T12:00:00.000Z"), ("won", "2026-11-01T14:00:00.000Z")]


@pytest.mark.parametrize("rows", [0, 1, 3, 4])
def test_no_page_is_lost(sync: Sync, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(hubspot_load, "SEARCH_ROWS", 3)
    monkeypatch.setattr(hubspot_load, "SLICE_ROWS", 3)
    sync.account.max_rows = 3
    sync.account.records["calls"].clear()
    sync.load()
    for number in range(rows):  # found by search, all with one stamp
        sync.account.put("calls", f"{number + 1}", hs_call_status="COMPLETED")
    sync.account.now += dt.timedelta(hours=1)
    assert sync.load()["call"].rows == rows
    sync.is_exact()
    sync.load(full=True)  # by the list
    sync.is_exact()


def test_more_records_with_one_stamp_than_a_search_gives_are_found(sync: Sync) -> None:
    sync.load(OBJECTS="contacts,deals")
    for number in range(10_250):  # a search gives 10,000
        sync.account.put("contacts", str(100 + number), lifecyclestage="lead")
    sync.account.now += dt.timedelta(hours=1)
    assert sync.load(OBJECTS="contacts,deals")["contact"].rows_changed == 10_250
    assert sync.raw("contacts") == sync.crm("contacts")


def test_what_search_learns_late_is_found_by_the_next_load(sync: Sync) -> None:
    sync.load()
    sync.account.lag = dt.timedelta(minutes=20)
    sync.account.now += dt.timedelta(hours=1)
    sync.account.put("calls", "1", hs_call_status="BUSY")
    sync.account.now += dt.timedelta(minutes=5)
    assert sync.load()["call"].rows_changed == 0
    sync.account.now += dt.timedelta(minutes=20)
    assert sync.load()["call"].rows_changed == 1
    sync.is_exact()


def test_changes_while_pages_are_read_come_with_the_next_load(sync: Sync) -> None:
    sync.account.max_rows = 2
    numbers = iter(range(1000))
    sync.account.before_page = lambda: sync.account.put(
        "calls", str(next(numbers) % 7 + 1), hs_call_status="Changed meanwhile"
    )
    sync.load()
    sync.account.before_page = None
    sync.account.now += dt.timedelta(hours=1)
    sync.load()
    sync.is_exact()


def test_a_load_goes_on_where_another_was_killed(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2, 6):
        sync.account.put("deals", str(number), amount="1")
    sync.account.max_rows = 2
    monkeypatch.setattr(hubspot_load, "SLICE_ROWS", 2)
    with killed_after(16, *STATE):  # when the first slice of the deals was merged, and noted
        sync.load()
    assert sync.query("select sweep_after from raw_hubspot._cursors") == [("2",)]
    sync.account.put("deals", "1", amount="2")
    sync.account.now += dt.timedelta(hours=1)
    lists = sync.asked("/objects/2026-09/deals")
    sync.load(OBJECTS="deals")
    # two pages more, a search with history beside it, and the archived ones
    assert sync.asked("/objects/2026-09/deals") - lists == 5
    assert sync.raw("deals") == sync.crm("deals")


@pytest.mark.parametrize(
    "fault",
    ["429", "429 later", "500", "502", "reset", "reset in body", "truncated"],
)
def test_what_passes_is_tried_again(sync: Sync, fault: str) -> None:
    sync.account.faults = [fault, "", fault, fault, "", fault, "", "", "", fault, "", fault]
    sync.load()
    sync.is_exact()
    if fault == "429 later":
        assert 1.0 in sync.sleeps


@pytest.mark.parametrize("at", [0, 4, 9])  # at once, and in the middle
def test_three_nights_without_hubspot_lose_nothing(sync: Sync, at: int) -> None:
    sync.load()
    for night in range(3):
        sync.account.put("calls", f"90{night}", hs_call_status="BUSY")
        sync.account.put("deals", "1", amount=str(night))
        sync.account.now += dt.timedelta(days=1)
        sync.account.faults = [""] * at + ["500"] * 100
        with pytest.raises(ScorecardError, match=r"HubSpot"):
            sync.load()
    sync.account.faults = []
    sync.load()
    sync.is_exact()


def test_a_slow_answer_is_asked_for_again(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.3)
    sync.account.faults = ["", "", "", "", "slow"]
    sync.load()
    sync.is_exact()


def test_a_page_of_a_search_with_too_few_records_is_asked_for_again(sync: Sync) -> None:
    sync.load()
    sync.account.put("calls", "1", hs_call_status="BUSY")
    sync.account.now += dt.timedelta(hours=1)
    seen = len(sync.account.asked)
    sync.load()
    at = next(i for i, path in enumerate(sync.account.asked[seen:]) if "calls/search" in path)
    sync.account.put("calls", "1", hs_call_status="MISSED")
    sync.account.now += dt.timedelta(hours=1)
    sync.account.faults = [""] * at + ["missing row"]
    sync.load()
    sync.is_exact()
    sync.account.faults = [""] * at + ["missing row"] * 3
    sync.account.put("calls", "1", hs_call_status="FAILED")
    sync.account.now += dt.timedelta(hours=1)
    with pytest.raises(InputError, match="where HubSpot counted"):
        sync.load()


def test_limits_are_kept_and_the_last_calls_are_left_to_others(sync: Sync) -> None:
    sync.account.max_rows = 1
    for number in range(10, 130):
        sync.account.put("calls", str(number), hs_call_status="COMPLETED")
    sync.load()
    assert 0 < max(sync.sleeps) <= 10  # more than 90 calls in no time at all
    sync.account.left = 24_000
    with pytest.raises(ScorecardError, match="last 10% are left to other programs"):
        sync.load()
    sync.account.left = 200_000
    sync.account.faults = ["429 daily"] * 9
    with pytest.raises(ScorecardError, match="calls of the day are used up"):
        sync.load()
    sync.account.faults = ["429"] * 9
    with pytest.raises(ScorecardError, match="too many calls"):
        sync.load()


def test_search_is_asked_at_most_four_times_a_second(sync: Sync) -> None:
    client = sync.client()
    body = {
        "filterGroups": [],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": [],
        "limit": 1,
    }
    for _ in range(9):
        client.search("companies", body)
    assert sync.time == 2.0


def test_a_wrong_key_is_said_and_not_tried_again(sync: Sync) -> None:
    with pytest.raises(ConfigError, match="does not accept SCORECARD_HUBSPOT_SERVICE_KEY"):
        sync.load(SERVICE_KEY="another")
    assert len(sync.account.asked) == 1


def test_a_missing_scope_is_named_and_the_other_objects_are_loaded(sync: Sync) -> None:
    sync.account.forbidden = {"deals"}
    with pytest.raises(InputError) as failed:
        sync.load()
    assert "2 of 4 objects could not be read" in str(failed.value)
    assert "deals: the service key lacks the scope crm.objects.deals.read" in str(failed.value)
    assert sync.raw("calls") == sync.crm("calls")


def test_missing_properties_are_named(sync: Sync) -> None:
    del sync.account.properties["calls"]["hs_call_disposition"]
    assert "calls has no hs_call_disposition" in sync.load()["call"].warnings[0]
    del sync.account.properties["deals"]["dealstage"]
    with pytest.raises(InputError, match="deals: the key does not see dealstage"):
        sync.load()


def test_a_property_that_appears_is_read_for_old_records_too(sync: Sync) -> None:
    del sync.account.properties["calls"]["hs_call_direction"]
    sync.load()
    for record in sync.account.records["calls"].values():
        record.properties["hs_call_direction"] = "OUTBOUND"
    sync.account.properties["calls"]["hs_call_direction"] = "enumeration"
    sync.load()
    found = sync.query("select distinct hs_call_direction from raw_hubspot.call")
    assert found == [("OUTBOUND",)]
    changes = sync.query("select object_name, field, what from raw_hubspot._field_changes")
    assert changes == [("call", "hs_call_direction", "appeared")]


def test_a_custom_property_is_read_where_it_is_named(sync: Sync) -> None:
    sync.account.properties["calls"]["result"] = "enumeration"
    sync.account.put("calls", "1", result="Held")
    sync.load(FIELDS="calls.outcome=result")
    assert sync.query("select custom_outcome from raw_hubspot.call where id = '1'") == [("Held",)]
    with pytest.raises(InputError, match="FIELDS names nothing"):
        sync.load(FIELDS="calls.outcome=nothing")


def test_splits_and_goals_are_read_where_they_are_named(sync: Sync) -> None:
    assert not {"deal_split", "goal_targets"} & set(sync.client(OBJECTS="").settings.objects)
    sync.account.put("deal_split", "61", hs_deal_id="1", hubspot_owner_id="41",
                     hs_deal_split_percentage="0.6")  # fmt: skip
    sync.account.put("goal_targets", "71", hs_goal_type="sales_quota", hs_target_amount="5000.00",
                     hs_start_datetime="2026-11-01T00:00:00Z",
                     hs_end_datetime="2026-11-30T23:59:59.999Z")  # fmt: skip
    sync.account.now += dt.timedelta(hours=1)
    named = "deals,deal_split,goal_targets"
    sync.load(OBJECTS=named)
    assert sync.query(
        "select hs_deal_id, hs_deal_split_percentage, hs_target_amount, goal_target._is_deleted"
        " from raw_hubspot.deal_split cross join raw_hubspot.goal_target"
    ) == [("1", "0.6", "5000.00", "false")]
    sync.account.archive("goal_targets", "71")
    sync.account.now += dt.timedelta(hours=1)
    assert sync.load(OBJECTS=named)["goal_target"].rows_deleted == 1
    sync.account.forbidden = {"deal_split"}
    with pytest.raises(InputError, match=r"lacks the scope crm\.dealsplits\.read_write"):
        sync.load(OBJECTS=named)


def test_of_many_associations_all_are_kept(sync: Sync) -> None:
    sync.account.inline_associations = 2
    sync.account.associate("calls", "1", "contacts", *(str(number) for number in range(700, 1900)))
    sync.load()
    sync.is_exact()


def test_what_was_archived_purged_or_merged_is_deleted_and_can_come_back(sync: Sync) -> None:
    chosen = {"OBJECTS": "contacts,deals,calls"}
    sync.load(**chosen)
    sync.account.archive("calls", "1")
    sync.account.purge("calls", "2")  # nothing tells of it
    sync.account.put("contacts", "2", lifecyclestage="lead")
    sync.account.now += dt.timedelta(hours=1)
    sync.load(**chosen)
    assert set(sync.raw("calls")) == {"2", "3", "4", "5"}
    sync.account.restore("calls", "1")  # with its old stamp, which no search sees
    sync.account.merge("contacts", "2", "1")
    sync.account.now += dt.timedelta(hours=1)
    sync.load(**chosen)
    assert set(sync.raw("calls")) == {"1", "2", "3", "4", "5"}
    assert set(sync.raw("contacts")) == {"2"}
    sync.account.now += dt.timedelta(days=7)
    assert sync.load(**chosen)["call"].rows_deleted == 1
    sync.is_exact()


def test_what_was_archived_before_a_sweep_comes_back_with_the_next_load(sync: Sync) -> None:
    sync.load()
    sync.account.archive("calls", "1")
    sync.account.now += dt.timedelta(days=8)
    assert sync.load()["call"].rows_deleted == 1
    sync.account.restore("calls", "1")  # with its old stamp, which no search sees
    sync.account.now += dt.timedelta(hours=1)
    sync.load()
    sync.is_exact()


def test_months_of_old_and_new_dates_are_noted(sync: Sync) -> None:
    sync.load()
    months = "select month_start::varchar from raw_files._changed_months order by 1"
    before = sync.query(months)
    assert ("2026-10-01",) in before
    sync.account.put("calls", "1", hs_timestamp="2026-07-15T10:00:00Z")
    sync.account.now += dt.timedelta(hours=1)
    sync.load()
    assert sync.query(months) == sorted([("2026-07-01",), *before])


def test_a_look_changes_when_a_record_does(
    sync: Sync, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubspot_source, "_client", lambda known: sync.client())
    monkeypatch.setenv("SCORECARD_HUBSPOT_SERVICE_KEY", "key")
    seen = hubspot_source.poll(settings)
    sync.account.now += dt.timedelta(minutes=5)
    assert hubspot_source.poll(settings, seen) == seen
    sync.account.put("calls", "1", hs_call_status="BUSY")
    assert hubspot_source.poll(settings, seen) != seen


def test_the_check_says_what_is_there_and_what_is_missing(sync: Sync) -> None:
    text, warnings = check_hubspot(sync.client())
    assert "8 objects can be read" in text
    assert "API calls of the day are left" in text
    assert warnings == []
    sync.account.forbidden = {"emails", "owners"}
    with pytest.raises(ConfigError, match=r"is missing.\n- owners: .*\n- emails: .*scope"):
        check_hubspot(sync.client())


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"URL": "http://api.hubapi.com"}, "is not the address of an API"),
        ({"SERVICE_KEY": ""}, "SERVICE_KEY is missing"),
        ({"SERVICE_KEY": "a key"}, "has a blank"),
        ({"OBJECTS": "deals,opportunities"}, "'opportunities' is not an object"),
        ({"OBJECTS": "calls"}, "deals cannot be left out"),
        ({"FIELDS": "calls.mood=mood"}, "'calls.mood=mood' is not understood"),
    ],
)
def test_settings_that_cannot_be_used_say_so(variables: dict[str, str], said: str) -> None:
    given_ = {f"SCORECARD_HUBSPOT_{name}": value for name, value in variables.items()}
    with pytest.raises(ConfigError, match=said):
        HubSpotSettings.from_environment({"SCORECARD_HUBSPOT_SERVICE_KEY": "key"} | given_)


def test_no_body_is_asked_for(sync: Sync) -> None:
    sync.load(OBJECTS="")
    asked = {*sync.account.properties_asked, *(name for one in OBJECTS for name in one.columns)}
    forbidden = ("body", "text", "subject", "title", "note", "html")
    told = {name for name in asked if any(word in name for word in forbidden)}
    assert told == {"hs_job_title", "jobtitle"}


CANARY = "canary-5ecre7-7h47-mu57-n0t-le4k"


def test_a_secret_is_in_no_error_and_no_log(sync: Sync, caplog: pytest.LogCaptureFixture) -> None:
    sync.account.key = CANARY
    written = io.StringIO()
    outcomes = []
    with caplog.at_level(logging.DEBUG), redirect_stdout(written), redirect_stderr(written):
        sync.load(SERVICE_KEY=CANARY)
        for faults in (["reset"] * 6, ["500"] * 9, ["", "truncated"] * 9):
            sync.account.faults = faults
            try:
                sync.load(SERVICE_KEY=CANARY)
            except ScorecardError as error:
                outcomes.append(f"{error!r} {error.__cause__!r} {error.__context__!r}")
        sync.account.faults, sync.account.key = [], "another"
        with pytest.raises(ConfigError) as refused:
            sync.load(SERVICE_KEY=CANARY)
    said = [written.getvalue(), caplog.text, str(refused.value), repr(HubSpotSettings(CANARY))]
    assert len(outcomes) >= 2
    assert not [text for text in (*said, *outcomes) if CANARY in text]
    for path in sync.settings.data_dir.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


KINDS = ("deals", "contacts", "calls", "meetings")
NUMBERS = st.integers(1, 9)
# what happens in a CRM and on the way; the account's clock goes on between steps
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(KINDS), NUMBERS, st.sampled_from(["1", "2", ""])),
        st.tuples(
            st.sampled_from(["archive", "restore", "purge"]), st.sampled_from(KINDS), NUMBERS,
            st.just(""),
        ),
        st.tuples(
            st.just("merge"), st.sampled_from(["deals", "contacts"]), NUMBERS,
            st.sampled_from("123456789"),
        ),
        st.tuples(
            st.just("associate"), st.sampled_from(["deals", "calls", "meetings"]), NUMBERS,
            st.sampled_from("123456789"),
        ),
        st.tuples(
            st.just("owner"), st.just(""), st.integers(1, 3), st.sampled_from(["a", "b", "left"])
        ),
        st.tuples(
            st.just("fault"), st.just(""), st.integers(0, 24),
            st.sampled_from(["429", "500", "reset", "reset in body", "truncated", "missing row"]),
        ),
        st.tuples(st.just("load"), st.just(""), st.just(0), st.just("")),
        st.tuples(st.just("killed load"), st.just(""), st.integers(0, 40), st.just("")),
        st.tuples(st.just("wait"), st.just(""), st.integers(0, 200), st.just("")),
    ),
    max_size=20,
)  # fmt: skip


@pytest.mark.slow
@bounded(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_any_sequence_of_events_ends_in_raw_being_the_crm(steps: list[Any]) -> None:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(hubspot_load, "SLICE_ROWS", 3)
    account = Account(max_rows=3)
    with tempfile.TemporaryDirectory() as folder, serving(account) as url:
        sync = Sync(replace(Settings(), data_dir=Path(folder)), account, url)
        for what, kind, number, text in steps:
            if what == "load":
                load_or_fail(sync)
            elif what == "killed load":
                with killed_after(number, *STATE):
                    load_or_fail(sync)
            elif what == "wait":
                account.now += dt.timedelta(hours=number)
            elif what == "fault":
                account.faults = [""] * number + [text]
            else:
                happen(account, what, kind, str(number), text)
            account.now += dt.timedelta(seconds=1 if what != "load" else 0)
        account.faults = []
        account.now += dt.timedelta(days=8)  # all is compared every week
        sync.load(OBJECTS=",".join(KINDS))
        sync.is_exact(*KINDS)
        assert sync.owners() == {
            (one["id"], one["email"], str(one["archived"]).lower()) for one in account.owners
        }
        assert sync.stages() == [
            (record.id, past["value"])
            for record in sorted(account.records["deals"].values(), key=lambda one: one.id)
            if not record.archived
            for past in reversed(record.history)
        ]
    monkeypatch.undo()


def happen(account: Account, what: str, kind: str, record_id: str, text: str) -> None:
    """One event in the CRM, where it can happen."""
    records = account.records.get(kind, {})
    if what == "put":
        stage = {"dealstage": f"stage {text}"} if kind == "deals" and text else {}
        account.put(kind, record_id, **{LABEL[kind]: text, **stage})
    elif what == "owner":
        account.owners = [one for one in account.owners if one["id"] != record_id]
        account.owners.append({"id": record_id, "email": f"{text}@acme.com",
                               "archived": text == "left"})  # fmt: skip
    elif what == "purge":
        account.purge(kind, record_id)
    elif record_id not in records:
        return
    elif what == "archive":
        account.archive(kind, record_id)
    elif what == "restore":
        account.restore(kind, record_id)
    elif what == "associate":
        account.associate(kind, record_id, "contacts", text)
    elif text in records and text != record_id:
        account.merge(kind, record_id, text)


def load_or_fail(sync: Sync) -> None:
    try:
        sync.load(OBJECTS=",".join(KINDS))
    except ScorecardError:
        pass


@pytest.mark.slow
@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_load_that_is_killed_at_random_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    """SCORECARD_TEST_KILLS=200 kills it 200 times; 20 times by default."""
    account = Account(left=10_000_000, daily=10_000_000)
    chosen = ("deals", "contacts", "calls")
    for number in range(300):
        for kind in chosen:
            account.put(kind, str(number + 1), **{LABEL[kind]: str(number)})
    account.now += dt.timedelta(hours=1)

    def change(numbers: random.Random, loads: int) -> None:
        for _ in range(20):
            kind, number = numbers.choice(chosen), numbers.randrange(1, 400)
            account.put(kind, str(number), **{LABEL[kind]: str(number * loads)})
        for kind in chosen:
            happen(account, "archive", kind, str(numbers.randrange(1, 300)), "")
            happen(account, "restore", kind, str(numbers.randrange(1, 300)), "")
        account.now += dt.timedelta(seconds=30)

    def wait() -> None:
        account.now += dt.timedelta(hours=1)

    with serving(account) as url:
        kill_at_random(
            tmp_path,
            {
                "SCORECARD_HUBSPOT_SERVICE_KEY": "key",
                "SCORECARD_HUBSPOT_URL": url,
                "SCORECARD_HUBSPOT_OBJECTS": ",".join(chosen),
            },
            prepare="from orchestration.sources.hubspot import load as hubspot_load\n"
            "from orchestration.sources.hubspot.client import *\n"
            "from orchestration.sources.hubspot.load import *\n"
            "hubspot_load.SLICE_ROWS = 100",
            load="client = HubSpotClient(HubSpotSettings.from_environment(), sleep=lambda _: None);"
            " load_hubspot(settings, client, now=dt.datetime.now(dt.UTC))",
            longest=2.5,
            change=change,
            before_last=wait,
        )
        sync = Sync(replace(Settings(), data_dir=tmp_path), account, url)
        sync.is_exact(*chosen)
