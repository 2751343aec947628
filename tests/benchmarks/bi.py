"""How long the questions of docs/bi.md take: `python -m tests.benchmarks.bi`.

It asks the current release and renews the table in docs/performance.md. For the size of the goal,
first `scorecard demo-data --reps 1000 --days 1095` and `scorecard refresh --no-reports`.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy
from sqlalchemy.pool import NullPool

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.releases.release import current_release
from tests.benchmarks.__main__ import DOCUMENT, MIB, write_document

QUESTIONS: list[tuple[str, str]] = re.findall(
    r"^([A-Z][^\n]*\?)\n\n```sql\n(.*?)```",
    (REPOSITORY / "docs" / "bi.md").read_text(encoding="utf-8"),
    re.S | re.M,
)
BEGIN, END = "<!-- questions: begin -->", "<!-- questions: end -->"
RUNS = 100
SIZE = """
    select
        count(distinct rep_id), min(date_day), max(date_day), count(*),
        (select count(*) from marts.scorecard_rep_metrics)
    from marts.fct_goals_daily
"""


def tables(database: Path, runs: int = RUNS) -> str:
    """Latency of each question as Markdown, until all its rows are in Python."""
    load = os.getloadavg()[0]
    engine = sqlalchemy.create_engine(
        f"duckdb:///{database}", poolclass=NullPool, connect_args={"read_only": True}
    )
    lines = []
    with engine.connect() as connection:
        reps, first, last, daily, cards = connection.exec_driver_sql(SIZE).one()
        for question, sql in QUESTIONS:
            rows = len(connection.exec_driver_sql(sql).all())
            times = _milliseconds(lambda sql=sql: connection.exec_driver_sql(sql).all(), runs)
            lines.append([question, f"{rows:,}", times])
    # only now, for connections of one process share what they have read while one is open
    for line, (_, sql) in zip(lines, QUESTIONS, strict=True):

        def ask(sql: str = sql) -> None:
            with engine.connect() as connection:
                connection.exec_driver_sql(sql).all()

        line.append(_milliseconds(ask, runs))
    return "\n".join(
        [
            f"{reps:,} reps, {first} to {last} with the goals ahead: "
            f"{daily:,} rows of daily goals, {cards:,} rows of scorecards, "
            f"a file of {database.stat().st_size / MIB:,.0f} MiB. "
            f"{runs} runs of each question, milliseconds by the clock. "
            f"Load average before the first question: {load:.1f}.",
            "",
            "| question | rows | median | p95 | p95 with opening the file |",
            "|---|---:|---:|---:|---:|",
            *(
                f"| {question} | {rows} | {statistics.median(times):.1f}"
                f" | {_percentile_95(times):.1f} | {_percentile_95(opening):.1f} |"
                for question, rows, times, opening in lines
            ),
        ]
    )


def _milliseconds(ask: Callable[[], object], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return times


def _percentile_95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    release = current_release(Settings())
    assert release is not None, "nothing is published: run `scorecard refresh` first"
    write_document(DOCUMENT, tables(release.database), BEGIN, END)
