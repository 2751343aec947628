from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.readers.labels import (
    NOTHING,
    Status,
    chance,
    format_moment,
    format_value,
    percent,
    reach,
    read_statuses,
    status_of,
)


def test_a_status_is_read_by_urgency() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table dim_statuses as select * from (values"
            " ('no_goal', 'No goal', 'No goal applies.', 'grey', null, 2),"
            " ('watch', 'Watch', 'Luck could explain it.', 'amber', 'to watch', 1))"
            " as s (status, status_name, evidence, tone, alert_words, sort_order)"
        )
        statuses = read_statuses(connection)
    assert list(statuses) == ["watch", "no_goal"]
    assert statuses["watch"] == Status("Watch", "Luck could explain it.", "amber", "to watch")
    assert status_of(statuses, None).name == "No goal"


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
    ("share", "expected"),
    [
        (None, "not known with which chance"),
        (0.0, "the goal is out of reach"),
        (0.37, "chance to reach it 37%"),
        (0.999, "chance to reach it over 99%"),
        (1.0, "the goal is reached"),
    ],
)
def test_reached_and_out_of_reach_are_words(share: float | None, expected: str) -> None:
    assert reach(share) == expected


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
