"""The intraday sensor: one run at a time, later after a failure, and only what is new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest

from orchestration.core.errors import ConfigError, InputError
from orchestration.core.settings import Settings
from orchestration.defs import sensors
from orchestration.defs.resources import COMPANY_TAG
from orchestration.readers.watch import Attempts, Due
from orchestration.warehouse.connection import refresh_lock

DUE = Due(dt.date(2026, 7, 1), "salesforce changed", "one")
Status = dg.DagsterRunStatus


@pytest.fixture
def due(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Due | str]:
    """What is due, the last element; the company is one with an empty folder."""
    monkeypatch.setenv("SCORECARD_COMPANY", "demo")
    monkeypatch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
    found: list[Due | str] = [DUE]
    monkeypatch.setattr(sensors, "what_is_due", lambda settings, now: found[-1])
    return found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(instance: dg.DagsterInstance, cursor: str | None = None) -> tuple[str | None, str, str]:
    """Run key of the run that is asked for, why none is, and the cursor."""
    (sensor,) = sensors.sensors().sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    data = sensor.evaluate_tick(context)
    requests = data.run_requests or []
    assert len(requests) <= 1
    key = requests[0].run_key if requests else None
    return key, data.skip_message or "", data.cursor or ""


def add_run(instance: dg.DagsterInstance, key: str | None, status: Status) -> dg.DagsterRun:
    tags = {COMPANY_TAG: "demo", **({sensors.RUN_KEY_TAG: key} if key else {})}
    return instance.add_run(dg.DagsterRun(job_name="refresh", status=status, tags=tags))


def test_a_change_asks_for_a_run_as_of_today(
    due: list[Due | str], instance: dg.DagsterInstance
) -> None:
    (sensor,) = sensors.sensors().sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    (request,) = data.run_requests or []
    assert request.run_config["resources"]["refresh"]["config"]["as_of"] == "2026-07-01"
    due.append("Nothing changed.")
    assert tick(instance)[:2] == (None, "Nothing changed.")


@pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.STARTING, Status.STARTED])
def test_no_run_is_asked_for_while_another_is_under_way(
    due: list[Due | str], instance: dg.DagsterInstance, status: Status
) -> None:
    add_run(instance, None, status)
    key, why_not, cursor = tick(instance, cursor=str(Attempts("one", "one-0")))
    assert (key, why_not) == (None, "A refresh is about to run.")
    assert Attempts.parse(cursor).run_key == "one-0"


def test_no_run_is_asked_for_while_the_command_line_refreshes(
    due: list[Due | str], instance: dg.DagsterInstance, settings: Settings
) -> None:
    with refresh_lock(settings, dt.datetime(2026, 7, 1, tzinfo=dt.UTC)):
        assert tick(instance)[:2] == (None, "A refresh is running.")
    assert tick(instance)[0] == "one-0"


def test_a_run_that_was_killed_blocks_nothing_for_long(
    due: list[Due | str], instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = add_run(instance, None, Status.NOT_STARTED)
    instance.handle_run_event(
        run.run_id, dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "refresh")
    )
    monkeypatch.setattr(sensors, "LONGEST_START", dt.timedelta(0))
    assert tick(instance)[0] == "one-0"
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status == Status.FAILURE


def test_a_run_of_a_clock_that_was_ahead_blocks_nothing(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    run = add_run(instance, None, Status.NOT_STARTED)
    instance.handle_run_event(
        run.run_id, dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "refresh")
    )
    now = dt.datetime.now(dt.UTC)
    assert sensors._running(instance, settings, now) == "A refresh is about to run."
    assert sensors._running(instance, settings, now - dt.timedelta(days=365)) == ""


def test_a_run_that_failed_is_tried_again_later(
    due: list[Due | str], instance: dg.DagsterInstance
) -> None:
    key, _, cursor = tick(instance)
    assert key == "one-0"
    add_run(instance, key, Status.FAILURE)
    key, why_not, cursor = tick(instance, cursor)
    assert key is None
    assert "The last 1 refreshes of what changed failed; the next one is tried at" in why_not
    again = replace(Attempts.parse(cursor), not_before="2026-07-01T00:00:00+00:00")
    key, _, cursor = tick(instance, str(again))
    assert key == "one-1"
    due.append(replace(DUE, about="two"))
    add_run(instance, key, Status.FAILURE)
    assert tick(instance, cursor)[0] == "two-0"


def test_a_source_that_cannot_be_reached_is_no_failed_run(
    due: list[Due | str], instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(settings: Settings, now: dt.datetime) -> Due:
        raise InputError("the CRM cannot be reached")

    monkeypatch.setattr(sensors, "what_is_due", refuse)
    assert tick(instance)[:2] == (None, "the CRM cannot be reached")


def test_a_wrong_interval_is_said_where_the_definitions_are_loaded(
    due: list[Due | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_INTRADAY_SECONDS", "often")
    with pytest.raises(ConfigError, match="'often' is not a number of seconds"):
        sensors.sensors()


def test_a_cursor_of_another_version_is_no_obstacle(
    due: list[Due | str], instance: dg.DagsterInstance
) -> None:
    assert tick(instance, '{"unknown": 1}')[0] == "one-0"
    assert tick(instance, "not even JSON")[0] == "one-0"
