"""Words and numbers as a manager reads them; `reports/components/labels.js` says the same."""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

# each status, most urgent first: its name and what its evidence says
STATUSES = {
    "needs_intervention": ("Needs intervention", "Below goal, more than bad luck explains."),
    "watch": ("Watch", "Below goal, but bad luck could explain it."),
    "on_track": ("On track", "Around the goal."),
    "ahead": ("Ahead", "Above goal, but luck could explain it."),
    "outstanding": ("Outstanding", "Far above goal, more than luck explains."),
    "too_little_data": ("Too little data", "Too few events are expected so far to judge."),
    "data_suspect": (
        "Data suspect",
        "Activity logging looks broken: the figures may be incomplete.",
    ),
    "no_goal": ("No goal", "No goal applies here."),
}
NOTHING = "\N{EN DASH}"


def status_label(status: str | None) -> str:
    """The name of a status."""
    return STATUSES.get(status or "no_goal", STATUSES["no_goal"])[0]


def status_evidence(status: str | None) -> str:
    """What the evidence of a status says, as a sentence."""
    return STATUSES.get(status or "no_goal", STATUSES["no_goal"])[1]


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
