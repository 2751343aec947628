"""Measure the speed of the project against SQL written by hand for DuckDB alone.

`python -m tests.benchmarks --activities 0.1 1 10 --write` measures at so many million activities
and puts the tables into docs/performance.md. Every measurement has a process of its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from orchestration.settings import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
# a Thursday: the day that is added for the incremental refresh is a working day
TODAY = dt.date(2026, 11, 19)
# the smallest company there is: its cost is the fixed one
SMALLEST = 2_500
DEMO_ACTIVITIES = 318_000  # 30 reps and 1,000 days, as `make demo` has them
LARGEST_CSV = 1_000_000
MIB = 2**20
LOADING = "loading speed / DuckDB's own"


@dataclass(frozen=True)
class Measurement:
    """What one child process cost as a whole, by phase, and what it found."""

    wall: float
    cpu: float
    peak_bytes: int
    phases: dict[str, dict[str, float]]
    found: dict[str, Any]


@dataclass(frozen=True)
class Size:
    """All measurements at one size."""

    activities: int
    reps: int
    file_format: str
    loading: Measurement
    reading: Measurement
    full: Measurement
    by_hand: Measurement
    incremental: Measurement
    added: int
    compared: tuple[dict[str, Any], dict[str, Any]]

    @property
    def differences(self) -> int:
        """Rows in which the project and the hand-written SQL differ, in both comparisons."""
        return sum(table["different"] for tables in self.compared for table in tables.values())

    @property
    def compared_rows(self) -> int:
        """Rows that were compared, in both comparisons."""
        return sum(table["rows"] for tables in self.compared for table in tables.values())

    def ratios(self) -> dict[str, float]:
        """The ratios that the goals are about; fixed costs are part of them."""
        return {
            "full / hand-written, time": self.full.wall / self.by_hand.wall,
            "full / hand-written, processor": self.full.cpu / self.by_hand.cpu,
            "incremental / full, time": self.incremental.wall / self.full.wall,
            "incremental / full, processor": self.incremental.cpu / self.full.cpu,
            LOADING: self.reading.phases["loading"]["wall"]
            / self.loading.phases["loading"]["wall"],
        }


def measure(folder: Path, task: str, **arguments: object) -> Measurement:
    """Run a task of `measure.py` in a child process; its cost is that of the whole process."""
    folder.mkdir(parents=True, exist_ok=True)
    values = json.dumps({"folder": str(folder), **arguments}, default=str)
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.measure", task, values],
            cwd=REPOSITORY,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if child.returncode:
            output.seek(0)
            raise RuntimeError(f"{task} failed:\n{output.read().decode(errors='replace')}")
    found = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return Measurement(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        phases=found.pop("phases", {}),
        found=found,
    )


def measure_size(folder: Path, activities: int) -> Size:
    """Generate, load, build in full and by hand, add a day and build that."""
    file_format = "csv" if activities <= LARGEST_CSV else "parquet"
    made = measure(
        folder, "generate", day=TODAY, activities=activities, file_format=file_format
    ).found["rows"]
    reading = measure(folder, "read")
    loading = measure(folder, "load", day=TODAY)
    full = measure(folder, "refresh", day=TODAY, full=True)
    by_hand = measure(folder, "handwritten", day=TODAY)
    first = measure(folder, "compare").found["tables"]
    added = measure(folder, "add_day", day=TODAY).found["rows"]
    tomorrow = TODAY + dt.timedelta(days=1)
    incremental = measure(folder, "refresh", day=tomorrow, full=False)
    measure(folder, "handwritten", day=tomorrow)
    second = measure(folder, "compare").found["tables"]
    return Size(
        activities=made["activities"],
        reps=made["reps"],
        file_format=file_format,
        loading=loading,
        reading=reading,
        full=full,
        by_hand=by_hand,
        incremental=incremental,
        added=added,
        compared=(first, second),
    )


def measure_command(folder: Path) -> tuple[Measurement, Measurement]:
    """`scorecard refresh --no-reports` on the demo company: the first one, and one more."""
    measure(folder, "generate", day=TODAY, activities=DEMO_ACTIVITIES, file_format="csv")
    first = measure(folder, "command", day=TODAY)
    return first, measure(folder, "command", day=TODAY)


def measure_intraday(folder: Path) -> Measurement:
    """From a deal that is won in the demo company's CRM to the number in the published file."""
    measure(folder, "generate", day=TODAY, activities=DEMO_ACTIVITIES, file_format="csv")
    return measure(folder, "intraday", day=TODAY + dt.timedelta(days=1))


def render(
    sizes: Sequence[Size],
    commands: tuple[Measurement, Measurement] | None,
    load: float,
    intraday: Measurement | None = None,
) -> str:
    """The tables in Markdown."""
    lines = [
        _machine(load),
        "",
        "Full refresh without ingestion and pages, against hand-written SQL; seconds by the clock"
        " (of the processor). *Growth* is the ratio without what the smallest company costs.",
        "",
        *_table(
            ["activities", "reps", "full refresh", "hand-written", "ratio", "growth"],
            [
                [
                    f"{size.activities:,}",
                    f"{size.reps:,}",
                    _seconds(size.full),
                    _seconds(size.by_hand),
                    f"{size.full.wall / size.by_hand.wall:.1f}"
                    f" ({size.full.cpu / size.by_hand.cpu:.1f})",
                    _growth(size, sizes[0]),
                ]
                for size in sizes
            ],
        ),
        "",
        "Where the time of the full refresh goes, seconds by the clock (of the processor).",
        "",
        *_table(
            ["activities", *sizes[0].full.phases],
            [
                [
                    f"{size.activities:,}",
                    *(f"{p['wall']:.1f} ({p['cpu']:.1f})" for p in size.full.phases.values()),
                ]
                for size in sizes
            ],
        ),
        "",
        "Incremental refresh after one more day, against the full refresh; seconds by the clock"
        " (of the processor).",
        "",
        *_table(
            ["activities", "added", "incremental", "ratio", "dbt build alone", "ratio"],
            [
                [
                    f"{size.activities:,}",
                    f"{size.added:,}",
                    _seconds(size.incremental),
                    f"{_percent(size.incremental.wall, size.full.wall)}"
                    f" ({_percent(size.incremental.cpu, size.full.cpu)})",
                    "{wall:.1f} ({cpu:.1f})".format(**size.incremental.phases["dbt build"]),
                    _percent(
                        size.incremental.phases["dbt build"]["wall"],
                        size.full.phases["dbt build"]["wall"],
                    )
                    + " ("
                    + _percent(
                        size.incremental.phases["dbt build"]["cpu"],
                        size.full.phases["dbt build"]["cpu"],
                    )
                    + ")",
                ]
                for size in sizes
            ],
        ),
        "",
        "Rows of the published tables that differ from the hand-written ones by more than 1e-6"
        " (after the full and after the incremental refresh).",
        "",
        *_table(
            ["activities", "rows compared", "rows that differ"],
            [[f"{s.activities:,}", f"{s.compared_rows:,}", f"{s.differences:,}"] for s in sizes],
        ),
        "",
        "Loading all files, rows per second, and the peak of memory of each process in MiB.",
        "",
        *_table(
            [
                *("activities", "files", "connector", "DuckDB alone", "ratio"),
                *("memory: loading", "full", "incremental", "hand-written"),
            ],
            [
                [
                    f"{size.activities:,}",
                    size.file_format,
                    f"{_rows_per_second(size, size.loading):,.0f}",
                    f"{_rows_per_second(size, size.reading):,.0f}",
                    f"{size.ratios()[LOADING]:.2f}",
                    *(
                        f"{measured.peak_bytes / MIB:,.0f}"
                        for measured in (size.loading, size.full, size.incremental, size.by_hand)
                    ),
                ]
                for size in sizes
            ],
        ),
    ]
    if commands:
        lines += ["", *_command_table(*commands)]
    if intraday:
        lines += ["", *_intraday_table(intraday)]
    return "\n".join(lines)


def _machine(load: float) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC with {os.cpu_count()} cores and"
        f" {memory:.0f} GiB of memory ({platform.system()} {platform.machine()}), Python"
        f" {platform.python_version()}, DuckDB {version('duckdb')}, dbt-core {version('dbt-core')}."
        f" Load average before the first measurement: {load:.1f}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    alignment = "|" + " ---: |" * len(head)
    return ["| " + " | ".join(head) + " |", alignment] + [
        "| " + " | ".join(row) + " |" for row in rows
    ]


def _command_table(first: Measurement, second: Measurement) -> list[str]:
    """The whole job on the demo company, by phase, of the processor."""

    def cells(name: str) -> list[str]:
        return [f"{m.phases[name]['cpu']:.1f}" if name in m.phases else "" for m in (first, second)]

    def start(measured: Measurement) -> str:
        return f"{measured.cpu - sum(p['cpu'] for p in measured.phases.values()):.1f}"

    return [
        f"`scorecard refresh --no-reports` on the demo company ({DEMO_ACTIVITIES:,} activities,"
        " 30 reps), seconds of the processor: the first refresh, and the next one, for which no"
        " file has changed.",
        "",
        *_table(
            ["step", "first refresh", "next refresh"],
            [
                ["Python starts and ends", start(first), start(second)],
                *([name, *cells(name)] for name in first.phases),
                ["**all, of the processor**", f"**{first.cpu:.1f}**", f"**{second.cpu:.1f}**"],
                ["all, by the clock", f"{first.wall:.1f}", f"{second.wall:.1f}"],
            ],
        ),
    ]


def _intraday_table(measured: Measurement) -> list[str]:
    """Three changes, each seen and published by a process that has refreshed before."""
    phases = measured.phases

    def cells(name: str) -> list[str]:
        return [
            "{wall:.1f} ({cpu:.1f})".format(**phases[name.format(number)]) for number in (1, 2, 3)
        ]

    steps = [name.partition(": ")[2] for name in phases if name.startswith("refresh 1: ")]
    return [
        f"From a deal that is won in Salesforce to the number in the published file, on the demo"
        f" company ({DEMO_ACTIVITIES:,} activities in the CRM) in a process that has refreshed"
        f" before; seconds by the clock (of the processor, the made-up CRM's included)."
        f" {measured.found['calls'][0]} API calls each.",
        "",
        *_table(
            ["step", "first change", "second", "third"],
            [
                ["look", *cells("look {}")],
                *([step, *cells(f"refresh {{}}: {step}")] for step in steps),
                ["**whole refresh**", *cells("refresh {}")],
            ],
        ),
    ]


def _seconds(measured: Measurement) -> str:
    return f"{measured.wall:.1f} ({measured.cpu:.1f})"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %"


def _growth(size: Size, smallest: Size) -> str:
    if size.full.cpu - smallest.full.cpu < 0.2 * smallest.full.cpu:
        return "-"  # what it grew by is smaller than the noise
    wall, cpu = (
        (getattr(size.full, unit) - getattr(smallest.full, unit))
        / (getattr(size.by_hand, unit) - getattr(smallest.by_hand, unit))
        for unit in ("wall", "cpu")
    )
    return f"{wall:.1f} ({cpu:.1f})"


def _rows_per_second(size: Size, measured: Measurement) -> float:
    return float(size.loading.found["rows"]) / measured.phases["loading"]["wall"]


def write_document(path: Path, measured: str, begin: str = BEGIN, end: str = END) -> None:
    """Put the tables between the two markers of the document."""
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{measured}\n\n{end}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and write if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--activities", type=float, nargs="+", default=[0.1, 1], metavar="MILLIONS")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--write", action="store_true", help="renew docs/performance.md")
    options = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="benchmark-") as folder:
        commands = measure_command(Path(folder) / "command")
        intraday = measure_intraday(Path(folder) / "intraday")
        sizes = []
        for number in [SMALLEST, *(round(1e6 * millions) for millions in options.activities)]:
            console.print(f"{number:,} activities …")
            sizes.append(measure_size(Path(folder) / str(number), number))
    measured = render(sizes, commands, load, intraday)
    console.print(measured, markup=False)
    if options.write:
        write_document(DOCUMENT, measured)


if __name__ == "__main__":
    main()
