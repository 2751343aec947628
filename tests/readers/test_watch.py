"""When an intraday refresh is due, and when it is tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.core.environment import INTRADAY_SECONDS
from orchestration.core.errors import ConfigError, InputError, RefreshRunning
from orchestration.core.settings import Settings
from orchestration.readers import watch as intraday
from orchestration.readers.watch import (
    BACK_OFF,
    Attempts,
    Due,
    seconds_between_looks,
    watch,
    what_is_due,
)
from orchestration.releases.release import Release
from orchestration.sources.registry import poll_sources
from orchestration.warehouse.connection import refresh_lock

# the demo company is in Los Angeles: nine in the morning there
MORNING = dt.datetime(2026, 7, 1, 16, tzinfo=dt.UTC)
NIGHT = MORNING.replace(hour=9, minute=20)
TODAY, YESTERDAY = dt.date(2026, 7, 1), dt.date(2026, 6, 30)
Publish = Callable[..., None]


@pytest.fixture
def company(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A company with one file."""
    settings.files_dir.mkdir(parents=True)
    (settings.files_dir / "reps.csv").write_text("rep_id,rep_name\nann,Ann\n")
    monkeypatch.delenv(intraday.VARIABLE, raising=False)
    return settings


@pytest.fixture
def publish(company: Settings, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Publishes a release of what the files are like now; newest first, as on disk."""
    releases: list[Release] = []
    monkeypatch.setattr(intraday, "list_releases", lambda settings: releases)

    def publish_one(as_of: dt.date, at: dt.datetime) -> None:
        states = poll_sources(company)
        releases.insert(
            0,
            Release(f"{at}", "demo", at, as_of, "", {}, {}, {}, Path(), source_states=states),
        )

    return publish_one


def change(company: Settings, text: str = "bob,Bob") -> None:
    with (company.files_dir / "reps.csv").open("a") as file:
        file.write(f"{text}\n")


def due(company: Settings, now: dt.datetime = MORNING) -> Due:
    found = what_is_due(company, now)
    assert isinstance(found, Due), found
    return found


def test_a_change_makes_a_refresh_due_as_of_today(company: Settings, publish: Publish) -> None:
    publish(YESTERDAY, NIGHT)
    assert what_is_due(company, MORNING) == "Nothing changed."
    change(company)
    assert due(company).as_of == TODAY
    assert due(company).reason == "files changed"
    publish(TODAY, MORNING)
    assert what_is_due(company, MORNING) == "Nothing changed."


def test_yesterday_is_completed_before_today_begins(company: Settings, publish: Publish) -> None:
    """Else the night's refresh would come when the history has settled what it is about."""
    publish(YESTERDAY, MORNING - dt.timedelta(hours=16))  # at five in the afternoon
    change(company)
    two = MORNING.replace(hour=9, minute=29)
    assert "may complete 2026-06-30" in str(what_is_due(company, two))
    assert due(company, two + dt.timedelta(minutes=1)).as_of == YESTERDAY
    publish(YESTERDAY, MORNING.replace(hour=9, minute=31))
    assert what_is_due(company, MORNING) == "Nothing changed."


def test_a_release_of_a_clock_that_was_ahead_completes_no_day(
    company: Settings, publish: Publish
) -> None:
    publish(YESTERDAY.replace(year=2027), NIGHT.replace(year=2027))
    assert due(company).as_of == YESTERDAY
    publish(YESTERDAY, NIGHT)
    assert what_is_due(company, MORNING) == "Nothing changed."
    change(company)
    assert due(company).as_of == TODAY


def test_a_failure_by_a_clock_that_was_ahead_is_not_waited_for(
    company: Settings, publish: Publish
) -> None:
    attempts = Attempts().start(due(company))
    assert "tried at" in attempts.fail(MORNING).why_not(due(company), MORNING)
    assert attempts.fail(MORNING.replace(year=2027)).why_not(due(company), MORNING) == ""


def test_a_new_company_begins_with_yesterday(company: Settings, publish: Publish) -> None:
    assert due(company).as_of == YESTERDAY


def test_the_day_is_that_of_the_company(company: Settings, publish: Publish) -> None:
    publish(YESTERDAY, NIGHT)
    change(company)
    late = dt.datetime(2026, 7, 2, 6, 30, tzinfo=dt.UTC)
    assert due(company, late).as_of == TODAY
    assert isinstance(what_is_due(company, late + dt.timedelta(hours=1)), str)


class Watch:
    """A watch whose refreshes are played, on a clock of its own."""

    def __init__(self, company: Settings, publish: Publish, hours: float) -> None:
        self.now = MORNING
        self.end = MORNING + dt.timedelta(hours=hours)
        self.said: list[str] = []
        self.tried: list[tuple[dt.datetime, Due]] = []
        self.outcomes: list[Exception | None] = []
        self.publish = publish
        self.company = company

    def refresh(self, due: Due) -> None:
        self.tried.append((self.now, due))
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome:
            raise outcome
        self.publish(due.as_of, self.now)

    def sleep(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)
        if self.now >= self.end:
            raise StopIteration

    def run(self) -> list[float]:
        """Minutes at which a refresh was tried."""
        with pytest.raises(StopIteration):
            watch(self.company, self.refresh, self.said.append, sleep=self.sleep, clock=self.clock)
        return [(at - MORNING).total_seconds() / 60 for at, _ in self.tried]

    def clock(self) -> dt.datetime:
        return self.now


def test_each_change_is_refreshed_once(company: Settings, publish: Publish) -> None:
    publish(YESTERDAY, NIGHT)
    change(company)
    watching = Watch(company, publish, hours=1)
    assert watching.run() == [0]
    assert watching.said == ["files changed: a refresh as of 2026-07-01.", "Nothing changed."]


def test_a_failure_is_tried_again_later_and_later_but_not_for_ever(
    company: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(intraday.VARIABLE, "60")
    publish(YESTERDAY, NIGHT)
    change(company)
    watching = Watch(company, publish, hours=2)
    watching.outcomes = [InputError("reps.csv line 3 is wrong")] * 9
    assert watching.run() == [0, 1, 6, 21, 81]
    assert len(BACK_OFF) == 4
    assert watching.said.count("reps.csv line 3 is wrong") == 5
    assert "waits for another change" in watching.said[-1]


def test_another_change_is_tried_at_once(
    company: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(intraday.VARIABLE, "60")
    publish(YESTERDAY, NIGHT)
    change(company)
    watching = Watch(company, publish, hours=2)
    watching.outcomes = [InputError("wrong")] * 3 + [None]
    sleep = watching.sleep

    def sleep_and_mend(seconds: float) -> None:
        sleep(seconds)
        if (watching.now - MORNING).total_seconds() == 600:
            change(company, "cid,Cid")

    watching.sleep = sleep_and_mend  # type: ignore[method-assign]
    assert watching.run() == [0, 1, 6, 10]
    assert watching.said[-1] == "Nothing changed."


def test_a_refresh_that_runs_is_no_failure(company: Settings, publish: Publish) -> None:
    publish(YESTERDAY, NIGHT)
    change(company)
    watching = Watch(company, publish, hours=0.3)
    watching.outcomes = [RefreshRunning("is running already")]
    assert watching.run() == [0, 5]
    with refresh_lock(company, MORNING):
        change(company, "cid,Cid")
        assert Watch(company, publish, hours=1).run() == []


def test_a_source_that_cannot_be_reached_is_said_once(
    company: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(YESTERDAY, NIGHT)

    def refuse(settings: Settings, seen: Any = None) -> Any:
        raise InputError("the CRM cannot be reached")

    monkeypatch.setattr("orchestration.readers.watch.poll_sources", refuse)
    watching = Watch(company, publish, hours=1)
    assert watching.run() == []
    assert watching.said == ["the CRM cannot be reached"]


def test_the_watch_ends_on_a_new_day_and_when_the_policy_changes(
    company: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(YESTERDAY, NIGHT)
    versions = iter(["1", "1", "2"])
    monkeypatch.setattr(intraday, "code_version", lambda settings: next(versions))
    watching = Watch(company, publish, hours=99)
    watch(
        company, watching.refresh, watching.said.append, sleep=watching.sleep, clock=watching.clock
    )
    assert watching.now == MORNING + dt.timedelta(seconds=INTRADAY_SECONDS)
    monkeypatch.setattr(intraday, "code_version", lambda settings: "2")
    watch(
        company, watching.refresh, watching.said.append, sleep=watching.sleep, clock=watching.clock
    )
    assert watching.now.date() == MORNING.date() + dt.timedelta(days=1)


@pytest.mark.parametrize("value", ["5", "-1", "often", "1.5"])
def test_an_interval_that_cannot_be_used_says_so(value: str) -> None:
    assert seconds_between_looks({}) == INTRADAY_SECONDS
    with pytest.raises(ConfigError, match="SCORECARD_INTRADAY_SECONDS"):
        seconds_between_looks({intraday.VARIABLE: value})
