"""Measure how the work on Spark grows with the records, and what a second worker takes off it.

`python -m tests.benchmarks.spark --activities 1 10 --write` builds what is computed of each single
activity (the incremental model and the facts) on a standalone cluster of one and of two workers,
then all other models, and puts the table into docs/spark.md. The server and the two workers hold
4 GiB at most, so of more than two million activities only the facts are built.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from rich.console import Console

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.defs.transformation import parsed_project
from orchestration.demo.company import generate
from orchestration.releases.history import load_history
from orchestration.sources.files.load import load_files
from orchestration.sources.reference import write_reference
from orchestration.transform import dbt_runner, engines
from orchestration.warehouse.connection import connect
from tests.benchmarks.__main__ import _machine, _table, write_document
from tests.transform.engines import spark_server

DOCUMENT = REPOSITORY / "docs" / "spark.md"
TODAY = dt.date(2025, 6, 30)
COUNTED = "int_activities__counted_daily"
FACTS = ("+fct_leading_metrics_daily", "+fct_lagging_metrics_daily")
NO_OTHERS = ("--indirect-selection", "cautious")  # no tests of what is not built
WORKERS = (1, 2)
WHOLE_UP_TO = 2_000_000
# as for a company of some size: executors have both compilers of Java
SETTINGS = {
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "true",
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC",
}
MIB = 2**20


@dataclass(frozen=True)
class Phase:
    """Seconds by the clock; of the processor those of this process, the server and the workers."""

    wall: float
    ours: float
    server: float
    workers: float

    def __add__(self, other: Phase) -> Phase:
        """One after the other."""
        return Phase(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Run:
    """What one size cost on one cluster; `again` is the same build when one month has changed.

    `counted` is the incremental model alone; `others` are all models that `first` leaves out, the
    tests of these alone, and the way of the marts back; `peaks` the memory of the server and of an
    executor.
    """

    activities: int
    reps: int
    workers: int
    raw_bytes: int
    built_bytes: int
    copy: Phase
    first: Phase
    counted: Phase
    again: Phase
    others: Phase | None
    peaks: tuple[int, int]


def measure(folder: Path, settings: Settings, rows: int, reps: int, workers: int) -> Run:
    """Copy, build from scratch, and build again after one month has changed."""
    on_spark = replace(settings, target="spark")
    with spark_server.cluster(folder, workers, **SETTINGS) as spark:
        os.environ.update(spark.variables())
        project = parsed_project(on_spark)
        set_changed_months(settings, "true")

        def build(selection: Sequence[str]) -> None:
            run = dbt_runner.build(on_spark, project, TODAY, selection=[*selection, *NO_OTHERS])
            run.raise_for_errors()

        copy = timed(spark, lambda: engines.load_raw(on_spark, project))
        inputs = timed(spark, lambda: build(["--select", f"+{COUNTED}", "--exclude", COUNTED]))
        counted = timed(spark, lambda: build(["--select", COUNTED]))
        facts = timed(spark, lambda: build(["--select", *FACTS, "--exclude", f"+{COUNTED}"]))
        set_changed_months(settings, f"month_start = date '{TODAY.replace(day=1)}'")
        engines.load_raw(on_spark, project)
        again = timed(spark, lambda: build(["--select", *FACTS]))
        built_bytes = sum(parquet_bytes(folder, layer) for layer in ("intermediate", "marts"))
        others = None
        if rows <= WHOLE_UP_TO:
            others = timed(spark, lambda: build(["--exclude", *FACTS]))
            others += timed(spark, lambda: engines.fetch(on_spark, project, []))
        return Run(
            activities=rows,
            reps=reps,
            workers=workers,
            raw_bytes=parquet_bytes(folder, "raw_*"),
            built_bytes=built_bytes,
            copy=copy,
            first=inputs + counted + facts,
            counted=counted,
            again=again,
            others=others,
            peaks=spark.peaks(),
        )


def parquet_bytes(folder: Path, layer: str) -> int:
    """Size of the files of a layer."""
    return sum(p.stat().st_size for p in (folder / "tables").glob(f"{layer}/**/*.parquet"))


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

    def now() -> tuple[float, ...]:
        return (time.perf_counter(), time.process_time(), *spark.processor_seconds())

    before = now()
    work()
    return Phase(*(after - then for after, then in zip(now(), before, strict=True)))


def measure_size(folder: Path, activities: int) -> Iterator[Run]:
    """One company of that size on one worker and on two."""
    settings = replace(Settings(), data_dir=folder / "data")
    truth = generate(settings.files_dir, today=TODAY, activities=activities, file_format="parquet")
    load_files(settings, now=dt.datetime.now(dt.UTC))
    write_reference(settings, TODAY)
    load_history(settings, TODAY, [])
    for workers in WORKERS:
        place = folder / f"spark{workers}"
        yield measure(place, settings, truth.rows["activities"], truth.reps, workers)


def render(runs: Sequence[Run], load: float) -> str:
    """The table in Markdown."""
    head = ["activities", "reps", "workers", "raw Parquet", "tables built", "copy", "first build",
            "of it counting", "one month changed", "all others", "memory"]  # fmt: skip
    rows = [
        [
            f"{run.activities:,}",
            f"{run.reps:,}",
            str(run.workers),
            *(f"{size / 1e6:.1f} MB" for size in (run.raw_bytes, run.built_bytes)),
            *map(_cell, (run.copy, run.first, run.counted, run.again, run.others)),
            " and ".join(f"{peak / MIB:.0f}" for peak in run.peaks),
        ]
        for run in runs
    ]
    return "\n".join([_machine(load), "", *_table(head, rows)])


def _cell(phase: Phase | None) -> str:
    if phase is None:
        return "-"
    return f"{phase.wall:.0f} ({phase.ours:.0f} + {phase.server:.0f} + {phase.workers:.0f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and write if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.spark", description=__doc__)
    parser.add_argument("--activities", type=float, nargs="+", default=[1, 10], metavar="MILLIONS")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--write", action="store_true", help="renew docs/spark.md")
    options = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    load = os.getloadavg()[0]
    runs: list[Run] = []
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="benchmark-") as folder:
        for number in (round(1e6 * millions) for millions in options.activities):
            console.print(f"{number:,} activities …")
            for run in measure_size(Path(folder) / str(number), number):
                runs.append(run)
                console.print(render(runs, load), markup=False)
    if options.write:
        write_document(DOCUMENT, render(runs, load))


if __name__ == "__main__":
    main()
