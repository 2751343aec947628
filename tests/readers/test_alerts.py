"""Digests, against a receiver on this machine."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration import cli
from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.settings import Settings
from orchestration.defs import alerts as alerts_module
from orchestration.defs.resources import Refresh
from orchestration.readers.alerts import AlertSettings, Outcome, send_digests
from orchestration.releases import publish as publishing
from orchestration.releases.release import Release, write_manifest

FRIDAY = dt.date(2026, 11, 20)
SATURDAY = dt.date(2026, 11, 21)
MONDAY = dt.date(2026, 11, 23)
TUESDAY = dt.date(2026, 11, 24)
SECRET = "T0kenT0ken"

# rep_id, name, email, manager, works on the day after the as-of date
PEOPLE = [
    ("ada", "Ada", "ada@example.com", "max"),
    ("ben", "Ben", "ben@example.com", "max"),
    ("cem", "Cem", None, "max"),
    ("gone", "Gone", "gone@example.com", "max"),
    ("max", "Max", "max@example.com", "a_stranger"),
]
BAD, GOOD = "needs_intervention", "outstanding"


@dataclass
class Inbox:
    """A web service that takes what Apprise posts to `json://`."""

    port: int = 0
    status: int = 200
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def settings(self) -> AlertSettings:
        """Alerts to it: one path per receiver, with a secret in it."""
        return AlertSettings.from_environment(
            {
                "SCORECARD_ALERTS": "on",
                "SCORECARD_ALERT_URL": f"json://127.0.0.1:{self.port}/{SECRET}/{{email}}",
            }
        )

    @property
    def receivers(self) -> list[str]:
        """Who got something, in order."""
        return [path.rsplit("/", 1)[-1].split("%40")[0].split("@")[0] for path, _ in self.posts]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """The service, up and answering with its status."""
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if inbox.status == 200:
                inbox.posts.append((self.path, json.loads(content)))
            self.send_response(inbox.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        inbox.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield inbox
        server.shutdown()
        thread.join()


def publish(
    settings: Settings,
    as_of: dt.date,
    statuses: Sequence[tuple[str, str, str]],
    back: dict[str, dt.date] | None = None,
) -> Release:
    """A release with these statuses (rep, metric, status); `back`: who returns to work when."""
    release = Release(
        release_id=f"{as_of:%Y%m%d}T050000Z-0000",
        company=settings.company,
        published_at=dt.datetime.combine(as_of, dt.time(5), dt.UTC),
        as_of_date=as_of,
        code_version="",
        high_water_marks={},
        row_counts={},
        checksums={},
        path=settings.published_dir / "releases" / f"{as_of:%Y%m%d}T050000Z-0000",
    )
    release.path.mkdir(parents=True, exist_ok=True)
    release.database.unlink(missing_ok=True)
    tomorrow = as_of + dt.timedelta(1)
    with duckdb.connect(str(release.database)) as connection:
        connection.execute("create schema marts; set search_path = 'marts'")
        connection.execute(
            "create table dim_reps (rep_id varchar, rep_name varchar, email varchar,"
            " manager_id varchar, is_current boolean, is_active boolean, next_working_date date)"
        )
        connection.executemany(
            "insert into dim_reps values (?, ?, ?, ?, true, ?, ?)",
            [[*person, person[0] != "gone", (back or {}).get(person[0], tomorrow)]
             for person in PEOPLE],
        )  # fmt: skip
        connection.execute(
            "create table scorecard_rep_metrics (rep_id varchar, metric_id varchar,"
            " metric_name varchar, unit varchar, actual double, goal_to_date double,"
            " attainment double, status varchar, period_type varchar, is_current boolean,"
            " sort_order integer)"
        )
        seeds = settings.dbt_project_dir / "seeds/rules"
        connection.execute(f"create table dim_statuses as from read_csv('{seeds}/statuses.csv')")
        for rep_id, metric_id, status in [*statuses, ("ben", "emails", "watch")]:
            for period_type in ("last_4_weeks", "month"):
                connection.execute(
                    "insert into scorecard_rep_metrics"
                    " values (?, ?, ?, 'count', 60, 100, 0.6, ?, ?, true, 1)",
                    [rep_id, metric_id, metric_id.capitalize(), status, period_type],
                )
    write_manifest(release.path, release)
    publishing._swap_pointer(
        publishing._prepare_pointer(settings.published_dir, release.release_id)
    )
    return release


def test_rep_and_manager_are_told_once(settings: Settings, inbox: Inbox) -> None:
    publish(settings, MONDAY, [("ada", "dials", BAD), ("ben", "demos", GOOD)])

    outcome = send_digests(settings, inbox.settings(), TUESDAY)

    assert outcome.sent == ["ada", "ben", "max"]
    assert inbox.receivers == ["ada", "ben", "max"]
    _, post = inbox.posts[2]
    assert post["title"] == (
        "Scorecard as of 23 Nov 2026: 1 newly in need of intervention, 1 newly outstanding"
    )
    assert post["message"].splitlines() == [
        "New in the last four weeks up to 23 Nov 2026, for Max.",
        "",
        "Needs intervention",
        "- Ada, Dials: 60 against a goal of 100 (60%). Below goal, more than bad luck explains.",
        "",
        "Outstanding",
        "- Ben, Demos: 60 against a goal of 100 (60%). Far above goal, more than luck explains.",
    ]
    assert "- You, Dials" in inbox.posts[0][1]["message"]
    assert "Ben" not in inbox.posts[0][1]["message"]
    # the same day again, and the next day with nothing new
    assert send_digests(settings, inbox.settings(), TUESDAY).sent == []
    publish(settings, TUESDAY, [("ada", "dials", BAD), ("ben", "demos", GOOD)])
    later = send_digests(settings, inbox.settings(), TUESDAY + dt.timedelta(1))
    assert str(later) == "nothing new"
    assert len(inbox.posts) == 3


def test_a_name_is_one_line_of_plain_text(settings: Settings, inbox: Inbox) -> None:
    release = publish(settings, MONDAY, [("ada", "dials", BAD)])
    with duckdb.connect(str(release.database)) as connection:
        name = "Ada\x1b[31m\u202e\n- You, Revenue: 0 " + "x" * 1_000
        connection.execute("update marts.dim_reps set rep_name = ? where rep_id = 'ada'", [name])
        connection.execute("update marts.scorecard_rep_metrics set metric_name = '\x9b1mDials'")
    send_digests(settings, inbox.settings(), TUESDAY)
    message = inbox.posts[1][1]["message"]
    assert message.splitlines()[3].startswith("- Ada - You, Revenue: 0 xxx")
    assert "…, Dials: 60 against" in message
    assert message.replace("\n", "").isprintable()
    assert len(message.splitlines()) == 4


def test_only_what_changed_since_the_release_of_the_day_before_is_news(
    settings: Settings, inbox: Inbox
) -> None:
    publish(settings, FRIDAY, [("ada", "dials", BAD)])
    publish(settings, MONDAY, [("ada", "dials", BAD), ("ada", "demos", BAD)])
    send_digests(settings, inbox.settings(), TUESDAY)
    assert inbox.receivers == ["ada", "max"]
    assert "Demos" in inbox.posts[0][1]["message"]
    assert "Dials" not in inbox.posts[0][1]["message"]


def test_a_second_release_of_a_day_waits_for_the_next_day(settings: Settings, inbox: Inbox) -> None:
    publish(settings, MONDAY, [("ada", "dials", BAD)])
    send_digests(settings, inbox.settings(), TUESDAY)
    publish(settings, MONDAY, [("ada", "dials", BAD), ("ada", "demos", BAD)])
    assert send_digests(settings, inbox.settings(), TUESDAY).waiting == ["ada", "max"]
    publish(settings, TUESDAY, [("ada", "dials", BAD), ("ada", "demos", BAD)])
    send_digests(settings, inbox.settings(), TUESDAY + dt.timedelta(1))
    assert inbox.receivers == ["ada", "max", "ada", "max"]
    assert "Demos" in inbox.posts[3][1]["message"]


def test_weekends_holidays_and_leave_are_quiet_and_lose_nothing(
    settings: Settings, inbox: Inbox
) -> None:
    weekend = {person[0]: MONDAY for person in PEOPLE}
    publish(settings, FRIDAY, [("ada", "dials", BAD)], weekend | {"ada": TUESDAY})
    assert send_digests(settings, inbox.settings(), SATURDAY).waiting == ["ada", "max"]
    publish(settings, MONDAY - dt.timedelta(1), [("ada", "dials", BAD)], {"ada": TUESDAY})
    send_digests(settings, inbox.settings(), MONDAY)
    assert inbox.receivers == ["max"]  # Ada is on leave for one more day
    publish(settings, MONDAY, [("ada", "dials", BAD)])
    send_digests(settings, inbox.settings(), TUESDAY)
    assert inbox.receivers == ["max", "ada"]


def test_what_comes_back_within_a_week_is_no_news(settings: Settings, inbox: Inbox) -> None:
    for days, statuses in (
        (0, [("ada", "dials", BAD)]),
        (1, []),
        (6, [("ada", "dials", BAD)]),  # a z-score about its edge
        (7, []),
        (20, [("ada", "dials", BAD)]),
    ):
        publish(settings, MONDAY + dt.timedelta(days), statuses)
        send_digests(settings, inbox.settings(), TUESDAY + dt.timedelta(days))
    assert inbox.receivers == ["ada", "max", "ada", "max"]


def test_what_a_clock_that_was_ahead_told_is_news_again_in_time(
    settings: Settings, inbox: Inbox
) -> None:
    told = {"sent_on": "2027-11-24", "alerts": {f"ada|dials|{BAD}": "2027-11-24"}}
    settings.state_dir.mkdir(parents=True)
    (settings.state_dir / "alerts.json").write_text(json.dumps({"ada": told, "max": told}))
    for days, statuses in ((0, []), (7, []), (20, [("ada", "dials", BAD)])):
        publish(settings, MONDAY + dt.timedelta(days), statuses)
        send_digests(settings, inbox.settings(), TUESDAY + dt.timedelta(days))
    assert inbox.receivers == ["ada", "max"]


def test_who_left_is_neither_told_nor_told_about(settings: Settings, inbox: Inbox) -> None:
    publish(settings, MONDAY, [("gone", "dials", BAD)])
    assert send_digests(settings, inbox.settings(), TUESDAY).sent == []


def test_who_has_no_email_is_counted(settings: Settings, inbox: Inbox) -> None:
    publish(settings, MONDAY, [("cem", "dials", BAD), ("max", "dials", GOOD)])
    outcome = send_digests(settings, inbox.settings(), TUESDAY)
    # of Max's manager nothing but the id is known
    assert (outcome.sent, outcome.without_address) == (["max"], ["a_stranger", "cem"])
    assert str(outcome) == "1 sent, 2 without an address"


def test_a_receiver_that_is_down_is_tried_again_and_nobody_is_told_twice(
    settings: Settings, inbox: Inbox
) -> None:
    publish(settings, MONDAY, [("ada", "dials", BAD), ("ben", "demos", GOOD)])
    inbox.status = 503
    assert send_digests(settings, inbox.settings(), TUESDAY).failed == ["ada", "ben", "max"]
    inbox.status = 200
    assert send_digests(settings, inbox.settings(), TUESDAY).sent == ["ada", "ben", "max"]
    assert send_digests(settings, inbox.settings(), TUESDAY).sent == []


def test_a_service_that_is_gone_is_not_asked_for_each_receiver(settings: Settings) -> None:
    publish(settings, MONDAY, [(rep, "dials", BAD) for rep in ("ada", "ben", "cem")])
    asked: list[Sequence[str]] = []

    def fail(urls: Sequence[str], title: str, body: str) -> bool:
        asked.append(urls)
        return False

    on = AlertSettings(is_on=True, urls=("json://127.0.0.1:9/{rep_id}",))
    outcome = send_digests(settings, on, TUESDAY, send=fail)
    assert outcome.failed == ["ada", "ben", "cem", "max"]
    assert len(asked) == 3


def test_a_crash_while_sending_costs_the_digest_of_that_day_only(
    settings: Settings, inbox: Inbox
) -> None:
    class Killed(BaseException):
        pass

    def die(urls: Sequence[str], title: str, body: str) -> bool:
        raise Killed

    publish(settings, MONDAY, [("ada", "dials", BAD)])
    with pytest.raises(Killed):
        send_digests(settings, inbox.settings(), TUESDAY, send=die)
    # it may have been delivered: no second one today, but the news is not lost
    assert send_digests(settings, inbox.settings(), TUESDAY).sent == ["max"]
    publish(settings, TUESDAY, [("ada", "dials", BAD)])
    outcome = send_digests(settings, inbox.settings(), TUESDAY + dt.timedelta(1))
    assert outcome.sent == ["ada"]


@pytest.mark.parametrize("status", [200, 503, 0])
def test_secrets_are_in_no_log(
    settings: Settings, inbox: Inbox, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    publish(settings, MONDAY, [("ada", "dials", BAD)])
    inbox.status = status
    alert_settings = inbox.settings()
    if not status:  # nobody listens there
        alert_settings = AlertSettings(True, (f"json://127.0.0.1:1/{SECRET}/{{email}}",))
    with caplog.at_level(logging.DEBUG):
        outcome = send_digests(settings, alert_settings, TUESDAY)
    assert bool(outcome.failed) == (status != 200)
    said = "\n".join([caplog.text, repr(alert_settings), repr(outcome)])
    assert SECRET not in said
    assert "alerts.json" in {path.name for path in settings.state_dir.iterdir()}
    assert SECRET not in (settings.state_dir / "alerts.json").read_text()


def test_an_intraday_or_an_old_release_tells_nobody(settings: Settings, inbox: Inbox) -> None:
    assert "Nothing is published" in send_digests(settings, inbox.settings(), TUESDAY).note
    publish(settings, MONDAY, [("ada", "dials", BAD)])
    for today in (MONDAY, TUESDAY + dt.timedelta(1)):  # yesterday has no release
        assert "day after the as-of date" in send_digests(settings, inbox.settings(), today).note
    assert inbox.posts == []


def test_an_intraday_release_brings_no_news_but_yesterday_s(
    settings: Settings, inbox: Inbox
) -> None:
    publish(settings, MONDAY, [("ada", "dials", BAD)])
    publish(settings, TUESDAY, [("ada", "dials", BAD), ("ben", "demos", GOOD)])
    assert send_digests(settings, inbox.settings(), TUESDAY).sent == ["ada", "max"]
    publish(settings, TUESDAY, [("ben", "demos", BAD)])
    assert send_digests(settings, inbox.settings(), TUESDAY).sent == []
    assert all("Demos" not in str(content) for _, content in inbox.posts)


def test_off_is_the_default_and_a_dry_run_shows_what_would_go(
    settings: Settings,
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(settings, MONDAY, [("ada", "dials", BAD)])
    off = AlertSettings.from_environment({})
    assert "off" in send_digests(settings, off, TUESDAY).note
    monkeypatch.setenv("SCORECARD_COMPANY", "demo")
    monkeypatch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.delenv("SCORECARD_ALERTS", raising=False)
    noon = dt.datetime(2026, 11, 24, 20, tzinfo=dt.UTC)
    monkeypatch.setattr("orchestration.cli.readers.now", lambda: noon)
    for _ in range(2):  # nothing is kept
        assert cli.run(["alerts", "--dry-run"]) == 0
        shown = capsys.readouterr().out
        assert "To Ada (ada, ada@example.com)" in shown
        assert shown.endswith("\n2 would be sent\n")
    assert inbox.posts == []
    assert not (settings.state_dir / "alerts.json").exists()

    inbox.status = 500
    monkeypatch.setenv("SCORECARD_ALERTS", "on")
    monkeypatch.setenv("SCORECARD_ALERT_URL", f"json://127.0.0.1:{inbox.port}/{SECRET}/{{rep_id}}")
    assert cli.run(["alerts"]) == 1
    captured = capsys.readouterr()
    assert "could not be delivered" in captured.err
    assert SECRET not in captured.err + captured.out


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SCORECARD_ALERTS": "yes"}, "neither on nor off"),
        ({"SCORECARD_ALERTS": "on"}, "SCORECARD_ALERT_URL is empty"),
        ({"SCORECARD_ALERTS": "on", "SCORECARD_ALERT_URL": f"slack://{SECRET}"}, "URL 1 has"),
    ],
)
def test_settings_that_cannot_work_are_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        AlertSettings.from_environment(environ)
    assert SECRET not in str(raised.value)


def test_an_address_of_no_service_is_named_by_its_number() -> None:
    good, bad = "json://localhost/{rep_id}", f"nonsense://{SECRET}/{{email}}"
    with pytest.raises(ConfigError, match="URL 2 is none that Apprise knows") as raised:
        AlertSettings(True, (good, bad)).require_known_services()
    assert SECRET not in str(raised.value)


def test_a_broken_memory_says_what_to_do(settings: Settings, inbox: Inbox) -> None:
    publish(settings, MONDAY, [("ada", "dials", BAD)])
    settings.state_dir.mkdir(parents=True)
    (settings.state_dir / "alerts.json").write_text("{")
    with pytest.raises(ScorecardError, match="Delete it"):
        send_digests(settings, inbox.settings(), TUESDAY)


@pytest.mark.parametrize("problem", ["delivery", "settings"])
def test_alerts_that_fail_do_not_fail_the_refresh(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    asked = []

    def send(*_: object) -> Outcome:
        asked.append(1)
        return Outcome(failed=["ada"])

    monkeypatch.setattr(alerts_module, "send_digests", send)
    monkeypatch.setenv("SCORECARD_ALERTS", "on")
    monkeypatch.setenv(
        "SCORECARD_ALERT_URL", "json://x/{email}" if problem == "delivery" else "json://x"
    )
    retries = dg.RetryPolicy(max_retries=2, delay=0)
    monkeypatch.setattr(alerts_module, "RETRIES", retries)
    (asset,) = alerts_module.alerts().assets or []
    assert isinstance(asset, dg.AssetsDefinition)
    result = dg.materialize(
        [asset], resources={"refresh": Refresh(settings, MONDAY, full=False, quarantine=False)}
    )
    assert result.success
    assert len(asked) == (3 if problem == "delivery" else 0)
