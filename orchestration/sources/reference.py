"""Reference tables that come from libraries: public holidays and offsets of time zones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pyarrow as pa

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.policy.reading import Policy, read_policy
from orchestration.sources.registry import enabled_sources
from orchestration.warehouse.connection import connect

HOLIDAYS = pa.schema(
    [("calendar", pa.string()), ("holiday_date", pa.date32()), ("holiday_name", pa.string())]
)
TIME_ZONE_DAYS = pa.schema(
    [
        ("time_zone", pa.string()),
        ("utc_date", pa.date32()),
        ("offset_seconds", pa.int32()),
        ("changes_at", pa.timestamp("us")),
        ("later_offset_seconds", pa.int32()),
    ]
)
OffsetRow = tuple[str, dt.date, int, dt.datetime | None, int | None]


def holiday_rows(policy: Policy, years: range) -> Iterator[tuple[str, dt.date, str]]:
    """`(calendar, day, name)` of each public holiday of the policy's calendars in those years."""
    import holidays  # slow to import

    for row in policy.rows("calendars"):
        if row["country"]:
            found = holidays.country_holidays(
                row["country"], subdiv=row["subdivision"] or None, years=years
            )
            for day, name in sorted(found.items()):
                yield row["calendar"], day, name


def offset_rows(time_zone: str, first: dt.date, last: dt.date) -> Iterator[OffsetRow]:
    """The offset of a time zone from UTC on each UTC day, both ends included.

    Yields `(time_zone, utc_date, offset_seconds, changes_at, later_offset_seconds)`; the last two
    are set on a day on which the clocks change.
    """
    zone = ZoneInfo(time_zone)

    def offset(moment: dt.datetime) -> int:
        delta = moment.replace(tzinfo=dt.UTC).astimezone(zone).utcoffset()
        assert delta is not None  # an aware time has an offset
        return int(delta.total_seconds())

    day, now = first, offset(dt.datetime.combine(first, dt.time()))
    while day <= last:
        low = dt.datetime.combine(day, dt.time())
        high = low + dt.timedelta(days=1)
        later = offset(high)
        if later == now:
            yield time_zone, day, now, None, None
        else:
            end = high
            while high - low > dt.timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(middle) == now else (low, middle)
            changes_at = high.replace(microsecond=0)
            yield time_zone, day, now, changes_at if changes_at < end else None, later
        day, now = day + dt.timedelta(days=1), later


def write_reference(settings: Settings, as_of: dt.date) -> dict[str, int]:
    """Write `raw_reference.holidays` and `.time_zone_days`; rows written per table.

    Raises:
        InputError: a rep has a time zone that the tz database does not know.
    """
    policy = read_policy(settings.seeds_dir)
    with connect(settings) as connection:
        days = ", ".join(f"({source.oldest_day})" for source in enabled_sources(settings))
        (oldest,) = connection.execute(f"select list_min([{days}])").fetchall()[0]
        history = int(policy.setting("history_years"))
        first_year = min(as_of.year - history - 2, int(oldest[:4]) - 1 if oldest else as_of.year)
        years = range(as_of.year - history - 2, as_of.year + 3)
        holidays_found = pa.Table.from_pylist(
            [
                {"calendar": calendar, "holiday_date": day, "holiday_name": name}
                for calendar, day, name in holiday_rows(policy, years)
            ],
            schema=HOLIDAYS,
        )
        zone_days = pa.Table.from_pylist(
            [
                dict(zip(TIME_ZONE_DAYS.names, row, strict=True))
                for time_zone in _time_zones(connection, policy, settings)
                for row in offset_rows(
                    time_zone, dt.date(first_year, 1, 1), dt.date(as_of.year + 2, 12, 31)
                )
            ],
            schema=TIME_ZONE_DAYS,
        )
        connection.execute("create schema if not exists raw_reference")
        for name, table in (("holidays", holidays_found), ("time_zone_days", zone_days)):
            connection.register("incoming", table)
            connection.execute(
                f"create or replace table raw_reference.{name} as select * from incoming"
            )
            connection.unregister("incoming")
    return {"holidays": holidays_found.num_rows, "time_zone_days": zone_days.num_rows}


def _time_zones(
    connection: duckdb.DuckDBPyConnection, policy: Policy, settings: Settings
) -> list[str]:
    reps = " union all ".join(source.time_zones for source in enabled_sources(settings))
    rows = connection.execute(
        f"select trim(time_zone), min(rep_id) from ({reps}) as reps(time_zone, rep_id)"
        " where trim(time_zone) <> '' group by 1 order by 1"
    ).fetchall()
    for time_zone, rep_id in rows:
        try:
            ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise InputError(
                f"reps: rep '{rep_id}' has time_zone '{time_zone}', which is not in the tz "
                "database. Use an IANA name such as 'Europe/Berlin'."
            ) from error
    return sorted({policy.setting("company_time_zone")} | {row[0] for row in rows})
