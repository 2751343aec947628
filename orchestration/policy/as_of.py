"""The as-of date: the last day that counts, in the company's own time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.core.environment import Environment, parse_day
from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.policy.reading import read_policy

VARIABLE = "SCORECARD_AS_OF_DATE"


def company_time_zone(settings: Settings) -> ZoneInfo:
    """The time zone of the company's policy; UTC when it names none.

    Raises:
        ConfigError: the policy names a zone that does not exist.
    """
    name = read_policy(settings.seeds_dir).setting("company_time_zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"seeds/{settings.company}/company_settings.csv: company_time_zone '{name}' is not in "
            "the tz database. Use an IANA name such as 'Europe/Berlin'."
        ) from error


def last_complete_day(settings: Settings, now: dt.datetime) -> dt.date:
    """Yesterday, where the company is."""
    return now.astimezone(company_time_zone(settings)).date() - dt.timedelta(days=1)


def choose_as_of(
    settings: Settings, flag: str | None, environ: Mapping[str, str], now: dt.datetime
) -> dt.date:
    """The as-of date of a refresh: the flag, else `SCORECARD_AS_OF_DATE`, else yesterday.

    Raises:
        ConfigError: flag and variable differ, or the day lies in the future.
    """
    given = {}
    if flag:
        given["--as-of"] = parse_day(flag)
    if day := Environment.read(environ).as_of_date:
        given[VARIABLE] = day
    if len(set(given.values())) > 1:
        raise ConfigError(
            f"Two as-of dates: --as-of says {given['--as-of']}, {VARIABLE} says "
            f"{given[VARIABLE]}. Give one of them."
        )
    today = now.astimezone(company_time_zone(settings)).date()
    for name, day in given.items():
        if day > today:
            raise ConfigError(
                f"{name}: {day} lies in the future; where '{settings.company}' is, today is "
                f"{today}. Give a day up to today."
            )
        return day
    return last_complete_day(settings, now)
