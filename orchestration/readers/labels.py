"""Words and numbers as a manager reads them; `reports/components/labels.js` says the same."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import duckdb

NOTHING = "\N{EN DASH}"


@dataclass(frozen=True)
class Status:
    """A status as people read it; `alert_words` only where somebody is told of it."""

    name: str
    evidence: str
    tone: str
    alert_words: str | None


def read_statuses(connection: duckdb.DuckDBPyConnection) -> dict[str, Status]:
    """The statuses of a release, most urgent first."""
    rows = connection.execute(
        "select status, status_name, evidence, tone, alert_words"
        " from dim_statuses order by sort_order"
    ).fetchall()
    return {status: Status(*words) for status, *words in rows}


def status_of(statuses: Mapping[str, Status], status: str | None) -> Status:
    """The words of a status; without one there is no goal."""
    return statuses[status or "no_goal"]


def percent(share: float | None) -> str:
    """A share in whole per cent, rounded down: 79.6 % must not read as the 80 % it is below."""
    return NOTHING if share is None else f"{math.floor(share * 100 + 1e-9)}%"


def chance(share: float | None) -> str:
    """A share that is read for itself: rounded to whole per cent, and certain only when it is."""
    if share is None:
        return NOTHING
    if 0 < share < 0.005:
        return "under 1%"
    return "over 99%" if 0.995 <= share < 1 else f"{math.floor(share * 100 + 0.5)}%"


def reach(share: float | None) -> str:
    """What is known of the way to a goal: a chance of exactly 1 or 0 is none."""
    if share is None:
        return "not known with which chance"
    if share >= 1:
        return "the goal is reached"
    return "the goal is out of reach" if share <= 0 else f"chance to reach it {chance(share)}"


def format_value(value: float | None, unit: str, currency: str = "") -> str:
    """A value of a metric in its unit."""
    if value is None:
        return NOTHING
    if unit == "ratio":
        return f"{_number(value * 100, 1)}%"
    if unit == "money":
        return f"{currency} {_number(value, 0)}".strip()
    number = _number(value, 1 if abs(value) < 100 else 0)
    return f"{number} days" if unit == "days" else number


def format_day(day: dt.date | None) -> str:
    """A day as '18 Nov 2026'."""
    return NOTHING if day is None else f"{day.day} {day:%b %Y}"


def format_moment(moment: dt.datetime, zone: ZoneInfo) -> str:
    """Day and time where the company is."""
    local = moment.astimezone(zone)
    return f"{format_day(local.date())} {local:%H:%M} ({zone.key})"


def format_period(period_id: str, start: dt.date, end: dt.date) -> str:
    """The days of a period, with its name where it is a fiscal one."""
    days = f"{format_day(start)} to {format_day(end)}"
    return f"{period_id}: {days}" if period_id.startswith("FY") else days


def _number(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    if digits:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
