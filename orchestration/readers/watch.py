"""When an intraday refresh is due: something changed, nothing else runs, and nothing just failed.

The day begins with the night's refresh, which completes the day before. Only then do changes make
refreshes as of today: what is said of a day must be settled before the next day is published.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from orchestration.core.environment import Environment
from orchestration.core.errors import RefreshRunning, ScorecardError
from orchestration.core.fingerprint import code_version, hash_values
from orchestration.core.settings import Settings
from orchestration.policy.as_of import company_time_zone
from orchestration.releases.release import Release, list_releases
from orchestration.sources.registry import poll_sources
from orchestration.warehouse.connection import is_refreshing

VARIABLE = "SCORECARD_INTRADAY_SECONDS"
# the schedule runs at two; where there is none, the day before is completed from here on
NIGHT_ENDS = dt.time(2, 30)
# how long to wait after each failure in a row; after the last one, until the sources change again
BACK_OFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))


@dataclass(frozen=True)
class Due:
    """A refresh that is due. `about` is the same as long as nothing changes that it is about."""

    as_of: dt.date
    reason: str
    about: str


@dataclass(frozen=True)
class Attempts:
    """What was tried and failed; plain data, so that it can be kept between two looks."""

    about: str = ""
    run_key: str = ""  # of the run that was asked for and whose end is not known yet
    failures: int = 0
    not_before: str = ""

    @classmethod
    def parse(cls, text: str | None) -> Attempts:
        """What `str` wrote; nothing where it cannot be read."""
        try:
            return cls(**json.loads(text or "{}"))
        except (ValueError, TypeError):
            return cls()

    def __str__(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    def start(self, due: Due) -> Attempts:
        """A refresh begins; failures that were about something else are forgotten."""
        failures = self.failures if due.about == self.about else 0
        return Attempts(due.about, f"{due.about}-{failures}", failures)

    def fail(self, now: dt.datetime) -> Attempts:
        """It failed."""
        wait = BACK_OFF[min(self.failures, len(BACK_OFF) - 1)]
        return replace(
            self,
            run_key="",
            failures=self.failures + 1,
            not_before=(now + wait).isoformat(timespec="seconds"),
        )

    def why_not(self, due: Due, now: dt.datetime) -> str:
        """Why it is too early to try again, or nothing."""
        if not self.failures or due.about != self.about:
            return ""
        failed = f"The last {self.failures} refreshes of what changed failed"
        if self.failures > len(BACK_OFF):
            return f"{failed}; the next one waits for another change, or for the night."
        wait = dt.datetime.fromisoformat(self.not_before) - now
        if dt.timedelta() < wait <= BACK_OFF[-1]:  # a longer one is that of a wrong clock
            return f"{failed}; the next one is tried at {self.not_before}."
        return ""


def watch(
    settings: Settings,
    refresh: Callable[[Due], None],
    say: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> None:
    """Look at the sources again and again, and refresh when something is due.

    Returns when this process should begin anew: after a change of the dbt project or the policy,
    which it has read long ago, and on a new day.

    Args:
        settings: the company.
        refresh: does it, or raises a ScorecardError.
        say: shows a line; the same one is not said twice in a row.
        sleep: waits for so many seconds.
        clock: the time.

    Raises:
        ConfigError: `SCORECARD_INTRADAY_SECONDS` cannot be used.
    """
    seconds = seconds_between_looks()
    version, day = code_version(settings), clock().date()
    attempts, said = Attempts(), ""
    while code_version(settings) == version and clock().date() == day:
        now = clock()
        text = ""
        try:
            due = "A refresh is running." if is_refreshing(settings) else what_is_due(settings, now)
            text = due if isinstance(due, str) else attempts.why_not(due, now)
            if isinstance(due, Due) and not text:
                say(f"{due.reason}: a refresh as of {due.as_of}.")
                said = ""
                attempts = attempts.start(due)
                refresh(due)
                attempts = Attempts()
        except RefreshRunning as error:
            attempts, text = replace(attempts, run_key=""), str(error)
        except ScorecardError as error:
            if attempts.run_key:
                attempts = attempts.fail(clock())
            text = str(error)
        if text and text != said:
            say(text)
        said = text
        sleep(seconds)


def seconds_between_looks(environ: Mapping[str, str] | None = None) -> int:
    """`SCORECARD_INTRADAY_SECONDS`: how often to look at the sources.

    Raises:
        ConfigError: it is no number, or too small a one.
    """
    return Environment.read(environ).intraday_seconds


def what_is_due(settings: Settings, now: dt.datetime) -> Due | str:
    """The refresh that is due, or why none is.

    Raises:
        ScorecardError: a source cannot be looked at.
    """
    local = now.astimezone(company_time_zone(settings))
    yesterday = local.date() - dt.timedelta(days=1)
    releases = list_releases(settings)
    if not _is_complete(releases, yesterday, local):
        if local.time() < NIGHT_ENDS:
            return f"Until {NIGHT_ENDS:%H:%M} the night's refresh may complete {yesterday}."
        return _due(yesterday, f"{yesterday} is over", poll_sources(settings), releases)
    seen = releases[0].source_states
    found = poll_sources(settings, seen)
    changed = [name for name, state in found.items() if state != seen.get(name)]
    if not changed:
        return "Nothing changed."
    return _due(local.date(), f"{' and '.join(changed)} changed", found, releases)


def _is_complete(releases: Sequence[Release], day: dt.date, local: dt.datetime) -> bool:
    """Whether the day was published after its end; a clock that was ahead completes no day."""
    midnight = dt.datetime.combine(local.date(), dt.time(), local.tzinfo)
    return any(
        day <= one.as_of_date <= local.date()
        and midnight <= one.published_at < midnight + dt.timedelta(days=1)
        for one in releases
    )


def _due(
    as_of: dt.date, reason: str, found: Mapping[str, object], releases: Sequence[Release]
) -> Due:
    last = releases[0].release_id if releases else ""
    state = json.dumps([as_of.isoformat(), found, last], sort_keys=True)
    return Due(as_of, reason, hash_values(state)[:16])
