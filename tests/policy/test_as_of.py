from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.policy.as_of import choose_as_of, company_time_zone, last_complete_day

NOW = dt.datetime(2026, 7, 1, 5, 0, tzinfo=dt.UTC)  # still 30 June in Los Angeles


@pytest.fixture
def company(settings: Settings, tmp_path: Path) -> Settings:
    """A company in Los Angeles."""
    settings = replace(settings, dbt_project_dir=tmp_path)
    write_time_zone(settings, "America/Los_Angeles")
    return settings


def write_time_zone(settings: Settings, name: str) -> None:
    settings.seeds_dir.mkdir(parents=True, exist_ok=True)
    (settings.seeds_dir / "company_settings.csv").write_text(
        f"setting,value\ncompany_time_zone,{name}\n", encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/Los_Angeles", dt.date(2026, 6, 29)),
        ("Europe/Berlin", dt.date(2026, 6, 30)),
        ("", dt.date(2026, 6, 30)),
    ],
)
def test_the_last_complete_day_is_yesterday_where_the_company_is(
    company: Settings, zone: str, day: dt.date
) -> None:
    write_time_zone(company, zone)
    assert last_complete_day(company, NOW) == day
    assert choose_as_of(company, None, {}, NOW) == day


def test_a_time_zone_that_does_not_exist_is_named(company: Settings) -> None:
    write_time_zone(company, "Mars/Olympus")
    with pytest.raises(ConfigError, match=r"company_settings\.csv: company_time_zone 'Mars/Olym"):
        company_time_zone(company)


def test_flag_and_variable_may_agree(company: Settings) -> None:
    day = dt.date(2026, 5, 31)
    assert choose_as_of(company, "2026-05-31", {}, NOW) == day
    assert choose_as_of(company, None, {"SCORECARD_AS_OF_DATE": "2026-05-31"}, NOW) == day
    assert choose_as_of(company, "2026-05-31", {"SCORECARD_AS_OF_DATE": "2026-05-31"}, NOW) == day


def test_two_as_of_dates_are_refused(company: Settings) -> None:
    with pytest.raises(ConfigError, match="Two as-of dates: --as-of says 2026-05-31, SCORECARD"):
        choose_as_of(company, "2026-05-31", {"SCORECARD_AS_OF_DATE": "2026-05-30"}, NOW)


def test_the_future_is_refused_and_today_is_not(company: Settings) -> None:
    assert choose_as_of(company, "2026-06-30", {}, NOW) == dt.date(2026, 6, 30)
    with pytest.raises(ConfigError, match=r"2026-07-01 lies in the future.*today is 2026-06-30"):
        choose_as_of(company, "2026-07-01", {}, NOW)


def test_a_day_that_is_none_is_refused(company: Settings) -> None:
    with pytest.raises(ConfigError, match=r"SCORECARD_AS_OF_DATE: '30\.06\.2026'"):
        choose_as_of(company, None, {"SCORECARD_AS_OF_DATE": "30.06.2026"}, NOW)
