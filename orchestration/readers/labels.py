"""Words and numbers as a manager reads them; `reports/components/labels.js` says the same."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.core.environment import RULES_FOLDER
from orchestration.core.settings import REPOSITORY

STATUSES_CSV = REPOSITORY / "dbt_project" / "seeds" / RULES_FOLDER / "statuses.csv"
NOTHING = "\N{EN DASH}"


@cache
def read_statuses(path: Path = STATUSES_CSV) -> Mapping[str, tuple[str, str]]:
    """Read each status, most urgent first: its name and what it says about the evidence."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["sort_order"]))
    return {row["status"]: (row["status_name"], row["evidence"]) for row in rows}


def status_label(status: str | None) -> str:
    """The name of a status."""
    return _words_of(status)[0]


def status_evidence(status: str | None) -> str:
    """What the evidence of a status says, as a sentence."""
    return _words_of(status)[1]


def _words_of(status: str | None) -> tuple[str, str]:
    statuses = read_statuses()
    return statuses.get(status or "no_goal", statuses["no_goal"])


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
