"""What was published when: `scorecard_history`, one release per as-of date, kept for ever.

It lives in the published releases alone, each of which holds all of it: neither a deleted working
warehouse nor the removal of old releases loses a day. dbt reads the part that restatements are
about, as the source `raw_published`.
"""

from __future__ import annotations

import csv
import datetime as dt
import logging
from collections.abc import Mapping, Sequence

import duckdb

from orchestration.core.environment import RULES_FOLDER
from orchestration.core.errors import DamagedFile
from orchestration.core.settings import Settings
from orchestration.core.sql import render_sql
from orchestration.releases.release import Release
from orchestration.releases.succession import carry_on, use_table
from orchestration.warehouse.connection import connect, quote

logger = logging.getLogger(__name__)

HISTORY = "scorecard_history"
SCORECARDS = "scorecard_rep_metrics"  # what it is made of
# how far back published figures are compared with those of today: each day of 13 weeks, and the
# last day of each month of a year and a month
COMPARED_DAYS = 91
COMPARED_MONTHS = 13

# column: what it is read from, and what it says
COLUMNS: Mapping[str, tuple[str, str]] = {
    "release_id": ("$release_id", "The release that published the row."),
    "published_at": ("$published_at", "When it was published, UTC."),
    "as_of_date": ("metrics.as_of_date", "The last day that counted."),
    "rep_id": ("metrics.rep_id", "The salesperson."),
    "rep_name": ("metrics.rep_name", "The rep's name then."),
    "team": ("metrics.team", "The rep's team then."),
    "role": ("metrics.role", "The rep's role then."),
    "tier": ("metrics.tier", "The rep's seniority then."),
    "metric_id": ("metrics.metric_id", "The metric."),
    "metric_name": ("metrics.metric_name", "The metric's name then."),
    "unit": ("metrics.unit", "count, money, ratio or days."),
    "aggregation": ("metrics.aggregation", "count, sum, ratio or mean."),
    "is_higher_better": ("metrics.is_higher_better", "False where less is better."),
    "metric_kind": ("metrics.metric_kind", "leading or lagging, for the role."),
    "sort_order": ("metrics.sort_order", "Where the metric stood on the scorecard."),
    "period_type": ("metrics.period_type", "week, month, quarter, year, last_4_weeks, …"),
    "period_id": ("metrics.period_id", "The period's label."),
    "period_start": ("metrics.period_start", "First day of the period."),
    "period_end": ("metrics.period_end", "Last day of the period."),
    "actual": ("metrics.actual", "What was reached by the as-of date, as published."),
    "goal_to_date": ("metrics.goal_to_date", "The goal up to the as-of date, as published."),
    "goal_period": ("metrics.goal_period", "The goal of the whole period, as published."),
    "attainment": ("metrics.attainment", "Actual divided by goal to date, as published."),
    "level": ("metrics.level", "The performance level, as published."),
    "evidence": ("metrics.evidence", "Whether the level was distinguishable from chance."),
    "status": ("metrics.status", "Level and evidence together, as published."),
    "score": ("reps.score", "The rep's score in the period; the same on each metric's row."),
    "score_status": ("reps.status", "The status of the score; the same on each metric's row."),
}
# what dbt compares with the figures of today
COMPARED_COLUMNS = {
    "release_id": "varchar",
    "published_at": "timestamp",
    "as_of_date": "date",
    "rep_id": "varchar",
    "metric_id": "varchar",
    "period_type": "varchar",
    "period_id": "varchar",
    "period_start": "date",
    "period_end": "date",
    "actual": "double",
}


def write_scorecard_history(
    connection: duckdb.DuckDBPyConnection,
    release: Release,
    earlier: Sequence[Release],
    unknown: Sequence[Release] = (),
) -> None:
    """Write `release.marts.scorecard_history`: all that is known, and this release's scorecards.

    An as-of date is said by the last release of that date: a second refresh of a day replaces the
    first. Once a later day has been published the date is settled: a replay of it changes nothing.
    A column that another version of the code knows is kept, and empty where it was not known.

    Args:
        connection: Has the working warehouse attached as `warehouse`, the new file as `release`,
            which may hold the history of the release before already.
        release: The release that is being written.
        earlier: The releases on disk, newest first, rolled back or not.
        unknown: Those of them that the newest does not know, oldest first.
    """
    columns = ", ".join(f"{source} as {name}" for name, (source, _) in COLUMNS.items())
    connection.execute(
        render_sql(__package__, "scorecards_of_release", columns=columns),
        {
            "release_id": release.release_id,
            "published_at": release.published_at.astimezone(dt.UTC).replace(tzinfo=None),
        },
    )
    target = f"release.marts.{HISTORY}"
    if not _is_there(connection):
        _take_over(connection, _newest_history(earlier))
    for other in unknown:
        _take_in(connection, other)
    _say(connection, release, "scorecards")
    connection.execute("drop table scorecards")
    connection.execute(
        f"comment on table {target} is 'One row per as-of date, rep, metric and period that was"
        " current on that date: what the last release of the date said.'"
    )
    for name, (_, description) in COLUMNS.items():
        connection.execute(f"comment on column {target}.{name} is {quote(description)}")


def _say(connection: duckdb.DuckDBPyConnection, release: Release, rows: str) -> None:
    """Let the rows of a release be what was said of its day, unless that is settled."""
    target, day = f"release.marts.{HISTORY}", f"date {quote(release.as_of_date)}"
    query = render_sql(
        __package__,
        "is_said_for_good",
        target=target,
        day=day,
        release_id=quote(release.release_id),
    )
    ((is_said_for_good,),) = connection.execute(query).fetchall()
    if not is_said_for_good:
        connection.execute(f"delete from {target} where as_of_date = {day}")
        connection.execute(f"insert into {target} by name from {rows}")


def _take_in(connection: duckdb.DuckDBPyConnection, other: Release) -> None:
    """Take in what a release said that the newest one does not know."""
    known = {
        name for name, *_ in connection.execute(f"describe release.marts.{HISTORY}").fetchall()
    }

    def read(relation: str) -> None:
        described = connection.execute(f"describe select * from {relation}").fetchall()
        columns = ", ".join(name for name, *_ in described if name in known)
        query = f"select {columns} from {relation} where release_id = {quote(other.release_id)}"
        connection.execute(f"create or replace temp table taken_in as {query}")

    if HISTORY not in other.row_counts:
        return
    try:
        use_table(connection, other, HISTORY, read)
    except DamagedFile as error:
        logger.warning("%s What it said of %s is left out.", error, other.as_of_date)
        return
    if connection.execute("select 1 from taken_in limit 1").fetchall():
        _say(connection, other, "taken_in")


def _is_there(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the new file has a history with all columns of today, in their order."""
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'release'"
        f" and schema_name = 'marts' and table_name = '{HISTORY}' order by column_index"
    ).fetchall()
    needed = connection.execute("describe scorecards").fetchall()
    return rows[: len(needed)] == [(name, type_) for name, type_, *_ in needed]


def _take_over(connection: duckdb.DuckDBPyConnection, source: Release | None) -> None:
    """Start with the history of a release, if there is one; the columns of today come first."""

    def start(*queries: str) -> None:
        query = " union all by name ".join(("(select * from scorecards limit 0)", *queries))
        connection.execute(f"create or replace table release.marts.{HISTORY} as {query}")

    if source is None:
        start()
    else:
        carry_on(connection, source, HISTORY, lambda relation: start(f"select * from {relation}"))


def load_history(settings: Settings, as_of: dt.date, earlier: Sequence[Release]) -> int:
    """Write `raw_published.scorecard_history`: what earlier days said and may have been restated.

    Args:
        settings: Whose working warehouse to write to.
        as_of: The last day that counts; only days before it are of interest.
        earlier: The releases on disk, newest first.

    Returns:
        The number of rows written.
    """
    table = f"raw_published.{HISTORY}"
    columns = ", ".join(f"{name} {type_}" for name, type_ in COMPARED_COLUMNS.items())
    with connect(settings) as connection:

        def fill(relation: str) -> None:
            query = render_sql(
                __package__,
                "history_to_compare",
                history=relation,
                columns=", ".join(COMPARED_COLUMNS),
                day=f"date '{as_of}'",
                days=COMPARED_DAYS,
                months=COMPARED_MONTHS,
                period_types=", ".join(map(quote, _calendar_types(settings))),
            )
            connection.execute(f"delete from {table}")
            connection.execute(f"insert into {table} {query}")

        connection.execute("create schema if not exists raw_published")
        connection.execute(f"create or replace table {table} ({columns})")
        source = _newest_history(earlier)
        if source is not None:
            carry_on(connection, source, HISTORY, fill)
        return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _calendar_types(settings: Settings) -> list[str]:
    """What is compared: rolling windows hold the days of weeks and months once more."""
    path = settings.dbt_project_dir / "seeds" / RULES_FOLDER / "period_types.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [row["period_type"] for row in csv.DictReader(file) if row["kind"] == "calendar"]


def _newest_history(earlier: Sequence[Release]) -> Release | None:
    """The newest release that has a history: code that knew none may have published since."""
    return next((release for release in earlier if HISTORY in release.row_counts), None)
