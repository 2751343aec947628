from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestration.core.settings import REPOSITORY
from orchestration.readers.labels import (
    NOTHING,
    STATUSES_CSV,
    chance,
    format_moment,
    format_value,
    percent,
    read_statuses,
)


def read_labels(name: str, end: str) -> str:
    """The text of a constant of the pages' labels."""
    text = (REPOSITORY / "reports/components/labels.js").read_text(encoding="utf-8")
    start = text.index(f"{name} = ")
    return text[start : text.index(end, start)]


def test_the_pages_have_the_words_of_the_statuses() -> None:
    words = re.findall(
        r"(\w+): \{\s*label: '([^']+)',\s*evidence: '([^']+)'", read_labels("STATUSES", "};")
    )
    pages = {status: (label, evidence) for status, label, evidence in words}
    assert pages == read_statuses(), "labels.js and seeds/rules/statuses.csv differ"
    assert list(pages) == list(read_statuses())


def test_the_pages_offer_every_period_type() -> None:
    offered = re.findall(r"\['(\w+)',", read_labels("PERIODS", "];"))
    with (STATUSES_CSV.parent / "period_types.csv").open(encoding="utf-8", newline="") as file:
        types = [row["period_type"] for row in csv.DictReader(file)]
    assert [name for name in offered if not name.startswith("previous_")] == types, (
        "PERIODS of labels.js and seeds/rules/period_types.csv differ"
    )


def test_a_status_is_read_by_urgency(tmp_path: Path) -> None:
    path = tmp_path / "statuses.csv"
    path.write_text(
        "status,status_name,evidence,sort_order\nb,Second,Less urgent.,2\na,First,Urgent.,1\n"
    )
    assert list(read_statuses(path).items()) == [
        ("a", ("First", "Urgent.")),
        ("b", ("Second", "Less urgent.")),
    ]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.796, "79%"), (0.8 - 1e-12, "80%"), (1.0, "100%"), (None, NOTHING)]
)
def test_a_share_is_rounded_down(share: float | None, expected: str) -> None:
    assert percent(share) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, "0%"),
        (1e-16, "under 1%"),
        (0.005, "1%"),
        (0.426, "43%"),
        (0.994, "99%"),
        (0.996, "over 99%"),
        (1.0, "100%"),
        (None, NOTHING),
    ],
)
def test_a_chance_is_certain_only_when_it_is(share: float | None, expected: str) -> None:
    assert chance(share) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (12.34, "count", "12.3"),
        (12.0, "count", "12"),
        (1234.5, "count", "1,234"),
        (120_000.4, "money", "EUR 120,000"),
        (0.256, "ratio", "25.6%"),
        (1.5, "days", "1.5 days"),
        (-0.01, "count", "0"),
        (None, "money", NOTHING),
    ],
)
def test_a_value_is_shown_in_its_unit(value: float | None, unit: str, expected: str) -> None:
    assert format_value(value, unit, "EUR") == expected


def test_a_moment_is_told_by_the_company_s_clock() -> None:
    moment = dt.datetime(2026, 7, 1, 3, 5, tzinfo=dt.UTC)
    said = format_moment(moment, ZoneInfo("America/Los_Angeles"))
    assert said == "30 Jun 2026 20:05 (America/Los_Angeles)"
