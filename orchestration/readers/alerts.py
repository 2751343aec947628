"""Alerts: what newly needs intervention or newly stands out, to the rep and their manager.

Each receiver gets at most one digest a day, and only on a day on which they work; news of other
days waits. What was told is kept per receiver in `state/alerts.json`. A digest is entered there
before it is sent: a crash in between costs the digest of that day, and its news comes with the
next one. A delivery that failed is taken back and may be tried again.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote as quote_url

import filelock

from orchestration.core.environment import Environment
from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.files import replace_file
from orchestration.core.settings import Settings
from orchestration.core.sql import render_sql
from orchestration.core.state_files import read_state
from orchestration.core.text import shortened
from orchestration.policy.reading import read_policy
from orchestration.readers.labels import format_day, format_value, percent
from orchestration.releases.release import (
    Release,
    current_release,
    list_releases,
    open_tables,
)

if TYPE_CHECKING:
    from apprise import Apprise

logger = logging.getLogger(__name__)

SWITCH = "SCORECARD_ALERTS"
ADDRESS = "SCORECARD_ALERT_URL"
PLACEHOLDERS = ("{email}", "{rep_id}")
# rolling, so that a new month does not turn what everybody knows into news
PERIOD_TYPE = "last_4_weeks"
# an alert that disappears for less than this is not news when it returns
SAME_NEWS_DAYS = 7
FAILURES_TO_GIVE_UP = 3  # in a row: the receiving service is down
# they name addresses, in which the tokens of many services are
LOGGERS = ("apprise", "urllib3", "requests")

Send = Callable[[Sequence[str], str, str], bool]


@dataclass(frozen=True)
class AlertSettings:
    """Whether and where digests go. The addresses are secret: they are never shown."""

    is_on: bool = False
    urls: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> AlertSettings:
        """Read the switch and the addresses.

        Raises:
            ConfigError: the switch has another value, or digests would have no address.
        """
        read = Environment.read(environ)
        urls = tuple(read.alert_url.get_secret_value().split())
        if read.alerts:
            if not urls:
                raise ConfigError(
                    f"{SWITCH} is on, but {ADDRESS} is empty. Give the Apprise URL that digests go "
                    "to, for example mailtos://user:password@smtp.example.com?to={email}."
                )
            for number, url in enumerate(urls, start=1):
                if not any(placeholder in url for placeholder in PLACEHOLDERS):
                    raise ConfigError(
                        f"{ADDRESS}: URL {number} has neither {' nor '.join(PLACEHOLDERS)} in it. "
                        "A digest is for one person: say where theirs goes."
                    )
        return cls(is_on=bool(read.alerts), urls=urls)

    def require_known_services(self) -> None:
        """Make sure that Apprise has a service for each address.

        Raises:
            ConfigError: says which of the addresses it is, without showing it.
        """
        sample = Receiver("rep_1", "", "someone@example.com", None)
        for number, url in enumerate(_addresses(self.urls, sample), start=1):
            if not _service_for([url]):
                raise ConfigError(
                    f"{ADDRESS}: URL {number} is none that Apprise knows. Compare it with the "
                    "examples of its service in Apprise's documentation."
                )


@dataclass(frozen=True)
class Receiver:
    """Someone who is told: a rep or a manager."""

    rep_id: str
    name: str
    email: str | None
    next_working_date: dt.date | None


@dataclass(frozen=True)
class Alert:
    """A metric of a rep that needs intervention or stands out."""

    rep_id: str
    rep_name: str
    metric_id: str
    status: str
    status_name: str
    status_words: str  # how a title counts it
    text: str

    @property
    def key(self) -> str:
        """What makes it the same news tomorrow."""
        return f"{self.rep_id}|{self.metric_id}|{self.status}"


@dataclass(frozen=True)
class Digest:
    """What one receiver is told on one day."""

    receiver: Receiver
    title: str
    body: str
    alerts: tuple[Alert, ...]


@dataclass
class Outcome:
    """What became of the digests, by receiver; `note` says why there were none to look at."""

    note: str = ""
    planned: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    without_address: list[str] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)

    def __str__(self) -> str:
        """How many of each, or why there was nothing to do."""
        counts = {
            "would be sent": self.planned,
            "sent": self.sent,
            "failed": self.failed,
            "wait for a working day": self.waiting,
            "without an address": self.without_address,
        }
        parts = [f"{len(who)} {what}" for what, who in counts.items() if who]
        return self.note or ", ".join(parts) or "nothing new"


@dataclass
class _Told:
    """What a receiver knows: when the last digest went, and each alert's last day."""

    sent_on: str = ""
    alerts: dict[str, str] = field(default_factory=dict)


def send_digests(
    settings: Settings,
    alert_settings: AlertSettings,
    today: dt.date,
    *,
    dry_run: bool = False,
    send: Send | None = None,
) -> Outcome:
    """Tell each receiver what is new, if this is a day to do so.

    Args:
        settings: the company; its current release is read.
        alert_settings: whether and where to.
        today: the day, where the company is.
        dry_run: only say what would be sent, with alerts switched off too; nothing is kept.
        send: delivers title and body to URLs; Apprise if not given.

    Raises:
        ScorecardError: the release has other columns than this code knows.
    """
    if not alert_settings.is_on and not dry_run:
        return Outcome(note=f"Alerts are off ({SWITCH}).")
    release = current_release(settings)
    if release is None:
        return Outcome(note="Nothing is published yet.")
    yesterday = today - dt.timedelta(days=1)
    if release.as_of_date == today:  # intraday: digests are about the day that is over
        of_yesterday = (old for old in list_releases(settings) if old.as_of_date == yesterday)
        release = next(of_yesterday, release)
    if release.as_of_date != yesterday:
        return Outcome(
            note=f"Alerts go out on the day after the as-of date; the release is as of "
            f"{release.as_of_date} and today is {today}."
        )
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(settings.state_dir / "alerts.lock"):
        round_ = _Round(settings, alert_settings, release, today, send or _send_with_apprise)
        return round_.plan() if dry_run else round_.run()


class _Round:
    """One look at the current release on one day."""

    def __init__(
        self,
        settings: Settings,
        alert_settings: AlertSettings,
        release: Release,
        today: dt.date,
        send: Send,
    ) -> None:
        self.alert_settings = alert_settings
        self.release = release
        self.today = today.isoformat()
        self.send = send
        self.path = settings.state_dir / "alerts.json"
        self.told = _read_told(self.path)
        currency = read_policy(settings.seeds_dir).setting("currency")
        receivers, self.alerts_of = _read_alerts(release, currency)
        self.receivers = sorted(receivers, key=lambda receiver: receiver.rep_id)
        # a person without earlier alerts is told what the previous day's release did not have
        before = next(
            (old for old in list_releases(settings) if old.as_of_date < release.as_of_date), None
        )
        if before is not None and any(r.rep_id not in self.told for r in self.receivers):
            self._know_what_was_published(before, currency)

    def _know_what_was_published(self, before: Release, currency: str) -> None:
        day = before.as_of_date.isoformat()
        try:
            _, alerts = _read_alerts(before, currency)
        except ScorecardError:  # by an older version of the code: then all is news
            return
        for receiver in self.receivers:
            known = {alert.key: day for alert in alerts.get(receiver.rep_id, [])}
            self.told.setdefault(receiver.rep_id, _Told(alerts=known))

    def plan(self) -> Outcome:
        """What `run` would send."""
        outcome = Outcome()
        outcome.digests = list(self._due(outcome))
        outcome.planned = [digest.receiver.rep_id for digest in outcome.digests]
        return outcome

    def run(self) -> Outcome:
        """Send what is due, one receiver after the other, and keep what each was told."""
        outcome = Outcome()
        failures_in_a_row = 0
        for digest in self._due(outcome):
            receiver = digest.receiver
            if failures_in_a_row == FAILURES_TO_GIVE_UP:
                outcome.failed.append(receiver.rep_id)
                continue
            told = self.told[receiver.rep_id]
            before = told.sent_on
            told.sent_on = self.today
            self._keep()
            addresses = _addresses(self.alert_settings.urls, receiver)
            if self.send(addresses, digest.title, digest.body):
                failures_in_a_row = 0
                told.alerts.update({alert.key: self.today for alert in digest.alerts})
                outcome.sent.append(receiver.rep_id)
                outcome.digests.append(digest)
            else:
                failures_in_a_row += 1
                told.sent_on = before
                outcome.failed.append(receiver.rep_id)
        self._keep()
        return outcome

    def _due(self, outcome: Outcome) -> Iterator[Digest]:
        """Digests for today; those of others are counted in the outcome."""
        outcome.without_address += sorted(
            self.alerts_of.keys() - {r.rep_id for r in self.receivers}
        )
        oldest = (dt.date.fromisoformat(self.today) - dt.timedelta(SAME_NEWS_DAYS)).isoformat()
        for receiver in self.receivers:
            told = self.told.setdefault(receiver.rep_id, _Told())
            alerts = self.alerts_of.get(receiver.rep_id, [])
            # an alert dated in the future comes from a wrong clock: it counts from today
            told.alerts = {
                key: min(day, self.today) for key, day in told.alerts.items() if day >= oldest
            }
            known = {alert.key for alert in alerts} & told.alerts.keys()
            told.alerts.update(dict.fromkeys(known, self.today))
            news = [alert for alert in alerts if alert.key not in known]
            if not news:
                continue
            if told.sent_on == self.today or (
                receiver.next_working_date is None
                or receiver.next_working_date.isoformat() != self.today
            ):
                outcome.waiting.append(receiver.rep_id)
            elif not _addresses(self.alert_settings.urls, receiver) and self.alert_settings.is_on:
                outcome.without_address.append(receiver.rep_id)
            else:
                yield _digest(receiver, news, self.release.as_of_date)

    def _keep(self) -> None:
        content = {rep_id: vars(told) for rep_id, told in sorted(self.told.items())}
        replace_file(self.path, json.dumps(content, indent=1))


def _read_told(path: Path) -> dict[str, _Told]:
    told = read_state(
        path,
        lambda content: {rep_id: _Told(**told) for rep_id, told in content.items()},
        remedy="Delete it: what is new is then told once more.",
    )
    return told or {}


def _read_alerts(release: Release, currency: str) -> tuple[set[Receiver], dict[str, list[Alert]]]:
    """Everyone who can be told, and what is known of whom it concerns, by receiver."""
    with open_tables(release.database) as connection:
        people = connection.execute(
            "select rep_id, rep_name, email, next_working_date from dim_reps"
            " where is_current and is_active"
        ).fetchall()
        query = render_sql(__package__, "alerts", period_type=PERIOD_TYPE)
        rows = connection.execute(query).fetchall()
    alerts: dict[str, list[Alert]] = {}
    for rep_id, rep_name, manager_id, metric_id, *rest in rows:
        status, status_name, status_words, evidence, metric_name, unit, *figures = rest
        actual, goal, attainment = figures
        text = (
            f"{shortened(metric_name)}: {format_value(actual, unit, currency)} against a goal of "
            f"{format_value(goal, unit, currency)} ({percent(attainment)}). "
            f"{evidence}"
        )
        alert = Alert(
            rep_id, shortened(rep_name), metric_id, status, status_name, status_words, text
        )
        for receiver_id in {rep_id, manager_id} - {None}:
            alerts.setdefault(receiver_id, []).append(alert)
    return {Receiver(*person) for person in people}, alerts


def _digest(receiver: Receiver, news: Sequence[Alert], as_of: dt.date) -> Digest:
    """The text: the most urgent status first; reps by name."""
    counts = Counter(alert.status_words for alert in news)  # in the order of the news
    title = f"Scorecard as of {format_day(as_of)}: " + ", ".join(
        f"{count} newly {words}" for words, count in counts.items()
    )
    name = shortened(receiver.name)
    lines = [f"New in the last four weeks up to {format_day(as_of)}, for {name}."]
    for status_name, alerts in groupby(news, key=lambda alert: alert.status_name):
        lines += ["", status_name]
        for alert in alerts:
            who = "You" if alert.rep_id == receiver.rep_id else alert.rep_name
            lines.append(f"- {who}, {alert.text}")
    return Digest(receiver, title, "\n".join(lines), tuple(news))


def _addresses(urls: Sequence[str], receiver: Receiver) -> list[str]:
    """The URLs that reach a receiver: those whose placeholders can be filled."""
    values = {"{email}": receiver.email, "{rep_id}": receiver.rep_id}
    addresses = []
    for url in urls:
        if all(values[name] for name in PLACEHOLDERS if name in url):
            for name, value in values.items():
                url = url.replace(name, quote_url(value or "", safe=""))
            addresses.append(url)
    return addresses


def _send_with_apprise(urls: Sequence[str], title: str, body: str) -> bool:
    """Deliver to all URLs."""
    service = _service_for(urls)
    if service is None:
        return False
    with _silenced(LOGGERS):
        try:
            return bool(service.notify(title=title, body=body, body_format="text"))
        except Exception as error:
            logger.warning("a digest could not be delivered (%s)", type(error).__name__)
            return False


def _service_for(urls: Sequence[str]) -> Apprise | None:
    """Apprise for these URLs; None when it does not know one of them."""
    with _silenced(LOGGERS), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the modules of its many services
        import apprise

        service = apprise.Apprise()
        return service if all([service.add(url) for url in urls]) else None


@contextmanager
def _silenced(names: Sequence[str]) -> Iterator[None]:
    """Drop what libraries say of a delivery: it names the addresses."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [known.level for known in loggers]
    try:
        for known in loggers:
            known.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for known, level in zip(loggers, levels, strict=True):
            known.setLevel(level)
