"""Defects of source data that can be planted one by one: each must be found by a check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.errors import ConfigError
from orchestration.sources.canonical import TABLES


@dataclass(frozen=True)
class Defect:
    """What is wrong with the files, and the function that makes it so."""

    description: str
    plant: Callable[[Path, dt.date], None]


def check_defects(names: Iterable[str]) -> None:
    """Stop at a name that is no defect.

    Raises:
        ConfigError: lists the names there are.
    """
    unknown = sorted(set(names) - DEFECTS.keys())
    if unknown:
        raise ConfigError(
            f"demo data: no defect is called {', '.join(map(repr, unknown))}. "
            f"Use any of: {', '.join(sorted(DEFECTS))}."
        )


def _path(folder: Path, table: str) -> Path:
    parquet = folder / f"{table}.parquet"
    return parquet if parquet.exists() else folder / f"{table}.csv"


def _rewrite(folder: Path, table: str, query: str) -> None:
    """Replace a file by a query on it: `{rows}` stands for its rows, `line` for their order."""
    path = _path(folder, table)
    changed = path.with_name(f"{path.name}.new")
    is_parquet = path.suffix == ".parquet"
    reader = f"read_parquet('{path}')" if is_parquet else f"read_csv('{path}', all_varchar = true)"
    copy = "format parquet" if is_parquet else "format csv, header"
    rows = f"(select *, row_number() over () as line from {reader})"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query.format(rows=rows)}) to '{changed}' ({copy})")
    changed.replace(path)


def _sql(table: str, query: str) -> Callable[[Path, dt.date], None]:
    def plant(folder: Path, today: dt.date) -> None:
        _rewrite(folder, table, query.replace("{today}", f"date '{today}'"))

    return plant


def _replace(table: str, column: str, value: str, where: str) -> Callable[[Path, dt.date], None]:
    return _sql(
        table,
        f"select * exclude (line) replace (case when {where} then {value} else {column} end"
        f" as {column}) from {{rows}} order by line",
    )


def _keep(table: str, where: str) -> Callable[[Path, dt.date], None]:
    return _sql(table, f"select * exclude (line) from {{rows}} where {where} order by line")


def _write_wrong_type(folder: Path, today: dt.date) -> None:
    if _path(folder, "activities").suffix == ".parquet":
        _replace("opportunities", "amount", "'a lot'", "line = 3")(folder, today)
    else:
        _replace("activities", "occurred_at", "'yesterday'", "line = 3")(folder, today)


def _write_future(folder: Path, today: dt.date) -> None:
    moment = f"'{today + dt.timedelta(days=365)}T12:00:00Z'"
    _replace("activities", "occurred_at", moment, "line <= 5")(folder, today)


# the first rep by id who made a call in the last week
_SOMEONE = (
    "rep_id = (select min(rep_id) from {rows} where activity_type = 'call'"
    " and cast(occurred_at as timestamp)::date > {today} - 7)"
)
_LATELY = "cast(occurred_at as timestamp)::date between {today} - 27 and {today} - 1"


def _moment(sql: str) -> str:
    """A timestamp as the files write it."""
    return f"strftime({sql}, '%Y-%m-%dT%H:%M:%SZ')"


def _silence_team(folder: Path, today: dt.date) -> None:
    reps = _path(folder, "reps")
    _keep(
        "activities",
        "rep_id is null or cast(occurred_at as timestamp)::date <= {today} - 8 or rep_id not in"
        f" (select rep_id from '{reps}' where team = (select max(team) from '{reps}'"
        " where role = 'SDR'))",
    )(folder, today)


def _delete_files(folder: Path, _today: dt.date) -> None:
    for table in TABLES:
        for suffix in ("csv", "parquet"):
            (folder / f"{table.name}.{suffix}").unlink(missing_ok=True)


DEFECTS: dict[str, Defect] = {
    "duplicate_activity_id": Defect(
        "The second activity carries the id of the first",
        _replace("activities", "activity_id", "'act_1'", "line = 2"),
    ),
    "missing_column": Defect(
        "activities has no column occurred_at",
        _sql("activities", "select * exclude (line, occurred_at) from {rows} order by line"),
    ),
    "wrong_type": Defect(
        "A moment reads 'yesterday' (an amount 'a lot', when the activities are Parquet)",
        _write_wrong_type,
    ),
    "unknown_rep": Defect(
        "Five activities belong to rep_9999, whom reps.csv does not know",
        _replace("activities", "rep_id", "'rep_9999'", "line between 11 and 15"),
    ),
    "overlapping_splits": Defect(
        "The shares of one deal sum to more than 1",
        _replace(
            "opportunity_splits",
            "split_ratio",
            "'0.9'",
            "opportunity_id = (select min(opportunity_id) from {rows})",
        ),
    ),
    "missing_exchange_rate": Defect(
        "One won deal is in XTS, a currency without a rate",
        _replace(
            "opportunities",
            "currency",
            "'XTS'",
            "opportunity_id = (select min(opportunity_id) from {rows} where is_won = 'true'"
            " and coalesce(is_deleted, 'false') = 'false')",
        ),
    ),
    "volume_drop": Defect(
        "Of the last working day only one activity in fifty arrived",
        _keep(
            "activities",
            "cast(occurred_at as timestamp)::date < (select max(occurred_on) from (select"
            " cast(occurred_at as timestamp)::date as occurred_on, count(*) as activity_count"
            " from {rows} group by 1 having isodow(occurred_on) <= 5)) or line % 50 = 0",
        ),
    ),
    "stale_data": Defect(
        "No activity of the last 10 days arrived",
        _keep("activities", "cast(occurred_at as timestamp)::date <= {today} - 10"),
    ),
    "broken_capture": Defect(
        "The activities of one rep vanish for the last three weeks",
        _keep(
            "activities",
            "rep_id is distinct from (select min(rep_id) from {rows} where"
            " cast(occurred_at as timestamp)::date > {today} - 7)"
            " or cast(occurred_at as timestamp)::date <= {today} - 21",
        ),
    ),
    "capture_outage_team": Defect(
        "The activities of a whole team vanish for the last week",
        _silence_team,
    ),
    "three_second_calls": Defect(
        "Three of four calls of one rep lasted three seconds in the last four weeks",
        _replace(
            "activities",
            "duration_seconds",
            "'3'",
            f"activity_type = 'call' and line % 4 > 0 and {_LATELY} and {_SOMEONE}",
        ),
    ),
    "bulk_logging": Defect(
        "One rep entered each day's activities in its last minute in the last four weeks",
        _replace(
            "activities",
            "created_at",
            _moment("cast(occurred_at as timestamp)::date + time '23:59:30'"),
            f"{_LATELY} and {_SOMEONE}",
        ),
    ),
    "backdated_activities": Defect(
        "One rep entered the activities of two of the last four weeks nine days later",
        _replace(
            "activities",
            "created_at",
            _moment("cast(occurred_at as timestamp) + interval 9 days"),
            "cast(occurred_at as timestamp)::date between {today} - 27 and {today} - 12"
            f" and {_SOMEONE.replace('min', 'max')}",
        ),
    ),
    "future_dates": Defect(
        "Five activities happened a year ahead",
        _write_future,
    ),
    "implausible_amount": Defect(
        "A won deal is worth a thousand times its amount",
        _replace(
            "opportunities",
            "amount",
            "cast(cast(amount as double) * 1000 as varchar)",
            "opportunity_id = (select min(opportunity_id) from {rows} where is_won = 'true'"
            " and coalesce(is_deleted, 'false') = 'false')",
        ),
    ),
    "negative_amount": Defect(
        "A won deal has an amount below zero",
        _replace(
            "opportunities",
            "amount",
            "cast(-cast(amount as double) as varchar)",
            "opportunity_id = (select min(opportunity_id) from {rows} where is_won = 'true'"
            " and coalesce(is_deleted, 'false') = 'false')",
        ),
    ),
    "empty_folder": Defect("There is not a single file", _delete_files),
    "deleted_all": Defect(
        "Every activity is marked as deleted",
        _replace("activities", "is_deleted", "'true'", "true"),
    ),
}
