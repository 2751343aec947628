"""Measure how the work on Spark grows with the records, and what a second worker takes off it.

`python -m tests.benchmarks.spark --activities 0.1 1 --write` builds what is computed of each single
activity (the incremental model and the facts) on a standalone cluster of one and of two workers,
and puts the table into docs/spark.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from orchestration import dbt_runner, engines
from orchestration.connectors.files import load_files
from orchestration.defs.transformation import parsed_project
from orchestration.demo.company import generate
from orchestration.history import load_history
from orchestration.reference import write_reference
from orchestration.settings import REPOSITORY, Settings
from orchestration.warehouse import connect
from tests.benchmarks.__main__ import _machine, _table, write_document
from tests.engines import spark_server

DOCUMENT = REPOSITORY / "docs" / "spark.md"
TODAY = dt.date(2025, 6, 30)
COUNTED = "int_activities__counted_daily"
SELECTION = ["--select", "+fct_leading_metrics_daily", "+fct_lagging_metrics_daily",
             "--indirect-selection", "cautious"]  # fmt: skip
WORKERS = (1, 2)
# as for a company of some size
SETTINGS = {"spark.sql.shuffle.partitions": "4", "spark.sql.adaptive.enabled": "true"}


@dataclass(frozen=True)
class Phase:
    """Seconds by the clock, and of all processors of Spark together."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Run:
    """What one size cost on one cluster; `again` is the same build when one month has changed."""

    activities: int
    reps: int
    workers: int
    raw_bytes: int
    copy: Phase
    first: Phase
    counted: float
    again: Phase


def measure(folder: Path, settings: Settings, rows: int, reps: int, workers: int) -> Run:
    """Copy, build from scratch, and build again after one month has changed."""
    on_spark = replace(settings, target="spark")
    with spark_server.cluster(folder, workers, **SETTINGS) as spark:
        os.environ.update(spark.variables())
        project = parsed_project(on_spark)
        set_changed_months(settings, "true")
        seconds: dict[str, float] = {}

        def build() -> None:
            run = dbt_runner.build(on_spark, project, TODAY, selection=SELECTION)
            run.raise_for_errors()
            seconds.update(
                {
                    event["data"]["node_info"]["node_name"]: event["data"]["execution_time"]
                    for event in run.events
                }
            )

        copy = timed(spark, lambda: engines.load_raw(on_spark, project))
        first = timed(spark, build)
        counted = seconds[COUNTED]
        set_changed_months(settings, f"month_start = date '{TODAY.replace(day=1)}'")
        engines.load_raw(on_spark, project)
        return Run(
            activities=rows,
            reps=reps,
            workers=workers,
            raw_bytes=sum(
                p.stat().st_size for p in (folder / "tables").rglob("raw_*/**/*.parquet")
            ),
            copy=copy,
            first=first,
            counted=counted,
            again=timed(spark, build),
        )


def set_changed_months(settings: Settings, which: str) -> None:
    """Say which of the months that have records have changed, as ingestion does."""
    with connect(settings) as connection:
        connection.execute("delete from raw_files._changed_months")
        connection.execute(
            "insert into raw_files._changed_months select distinct 'activities', month_start from"
            " (select cast(left(occurred_at, 7) || '-01' as date) as month_start"
            f" from raw_files.activities) as months where {which}"
        )


def timed(spark: spark_server.Spark, work: Callable[[], object]) -> Phase:
    """Do something, and say what it took."""
    wall, cpu = time.perf_counter(), spark.processor_seconds()
    work()
    return Phase(time.perf_counter() - wall, spark.processor_seconds() - cpu)


def measure_size(folder: Path, activities: int) -> list[Run]:
    """One company of that size on one worker and on two."""
    settings = replace(Settings(), data_dir=folder / "data")
    truth = generate(settings.files_dir, today=TODAY, activities=activities, file_format="parquet")
    load_files(settings, now=dt.datetime.now(dt.UTC))
    write_reference(settings, TODAY)
    load_history(settings, TODAY, [])
    return [
        measure(folder / f"spark{workers}", settings, truth.rows["activities"], truth.reps, workers)
        for workers in WORKERS
    ]


def render(runs: Sequence[Run], load: float) -> str:
    """The table in Markdown."""
    head = ["activities", "reps", "workers", "raw Parquet", "copy", "first build",
            "of it counting", "one month changed"]  # fmt: skip
    rows = [
        [
            f"{run.activities:,}",
            f"{run.reps:,}",
            str(run.workers),
            f"{run.raw_bytes / 1e6:.1f} MB",
            *(f"{phase.wall:.0f} ({phase.cpu:.0f})" for phase in (run.copy, run.first)),
            f"{run.counted:.0f}",
            f"{run.again.wall:.0f} ({run.again.cpu:.0f})",
        ]
        for run in runs
    ]
    return "\n".join([_machine(load), "", *_table(head, rows)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and write if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.spark", description=__doc__)
    parser.add_argument("--activities", type=float, nargs="+", default=[0.1, 1], metavar="MILLIONS")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--write", action="store_true", help="renew docs/spark.md")
    options = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    load = os.getloadavg()[0]
    runs = []
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="benchmark-") as folder:
        for number in (round(1e6 * millions) for millions in options.activities):
            console.print(f"{number:,} activities …")
            runs += measure_size(Path(folder) / str(number), number)
            console.print(render(runs, load), markup=False)
    if options.write:
        write_document(DOCUMENT, render(runs, load))


if __name__ == "__main__":
    main()
