"""Measure the speed of the project against SQL written by hand for DuckDB alone.

`python -m tests.benchmarks --activities 0.1 1 10 --write` measures at so many million activities
and puts the tables into docs/performance.md. Every measurement has a process of its own. What was
measured is kept in `measured.json`: with `--keep`, only the sizes that are named are measured
again.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from orchestration.core.settings import REPOSITORY
from tests.benchmarks.dataframes import LIBRARIES

DOCUMENT = REPOSITORY / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
# a Thursday: the day that is added for the incremental refresh is a working day
TODAY = dt.date(2026, 11, 19)
# the smallest company there is: its cost is the fixed one
SMALLEST = 2_500
DEMO_ACTIVITIES = 318_000  # 30 reps and 1,000 days, as `make demo` has them
LARGEST_CSV = 1_000_000
MIB = 2**20
# data frames hold all rows in memory, with the text of every column
LARGEST_FOR_DATAFRAMES = 15_000_000
MEASURED = Path(__file__).with_name("measured.json")
DEAREST = 10
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
    same_tables: Measurement
    facts_by_hand: Measurement
    # by library: what its script cost, and how its tables compare with the published ones
    scripts: dict[str, Measurement]
    scripts_compared: dict[str, dict[str, Any]]
    measured_at: str = field(
        default_factory=lambda: f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"
    )
    load: float = field(default_factory=lambda: os.getloadavg()[0])

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
            "same tables / hand-written, time": self.same_tables.wall / self.by_hand.wall,
            "same tables / hand-written, processor": self.same_tables.cpu / self.by_hand.cpu,
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
    """Generate, load, build in parts, in full and by hand, add a day and build that."""
    file_format = "csv" if activities <= LARGEST_CSV else "parquet"
    made = measure(
        folder, "generate", day=TODAY, activities=activities, file_format=file_format
    ).found["rows"]
    reading = measure(folder, "read")
    loading = measure(folder, "load", day=TODAY)
    same_tables = measure(folder, "same_tables", day=TODAY)
    measure(folder, "forget")
    full = measure(folder, "refresh", day=TODAY, full=True)
    facts_by_hand = measure(folder, "handwritten_facts", day=TODAY)
    scripts, scripts_compared = {}, {}
    for library in LIBRARIES:
        if activities <= LARGEST_FOR_DATAFRAMES and importlib.util.find_spec(library):
            scripts[library] = measure(folder, "dataframes", day=TODAY, library=library)
            compared = measure(folder, "compare_dataframes", library=library)
            scripts_compared[library] = compared.found["tables"]
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
        same_tables=same_tables,
        facts_by_hand=facts_by_hand,
        scripts=scripts,
        scripts_compared=scripts_compared,
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
        "When each size was measured, and the load average after it.",
        "",
        *_table(
            ["activities", "measured", "load"],
            [[f"{s.activities:,}", s.measured_at, f"{s.load:.1f}"] for s in sizes],
        ),
        "",
        "Full refresh without ingestion and pages, against hand-written SQL; seconds by the clock"
        " (of the processor). *Growth* is the ratio without what the smallest company costs."
        " The full refresh makes more tables than the SQL; *same tables* is the build of just the"
        " SQL's tables and what they rest on, with dbt's tests of them and publishing, without the"
        " checks of Great Expectations.",
        "",
        *_table(
            [
                *("activities", "reps", "hand-written", "full refresh", "ratio", "growth"),
                *("same tables", "ratio", "growth"),
            ],
            [
                [
                    f"{size.activities:,}",
                    f"{size.reps:,}",
                    _seconds(size.by_hand),
                    *_against_by_hand(size, sizes[0], "full"),
                    *_against_by_hand(size, sizes[0], "same_tables"),
                ]
                for size in sizes
            ],
        ),
        "",
        "Only the daily facts per rep and metric and the actuals of each week, month, quarter, and"
        " year, of 4 and 13 weeks: scripts for pandas and polars, the part of the hand-written SQL"
        " that makes these, and ours, which makes no scorecard without goals, seasons and evidence."
        " Seconds by the clock (of the processor), and the peak of memory in MiB.",
        "",
        *_table(
            ["activities", *LIBRARIES, "hand-written", "ours", "rows compared", "rows that differ"],
            [
                [
                    f"{size.activities:,}",
                    *(_script(size, library) for library in LIBRARIES),
                    _with_memory(asdict(size.facts_by_hand)),
                    _with_memory(size.same_tables.found["facts"]),
                    *(f"{_of_scripts(size, count):,}" for count in ("rows", "different")),
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
    lines += ["", *_dearest_table(sizes[-1])]
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


def _against_by_hand(size: Size, smallest: Size, name: str) -> list[str]:
    """Seconds of a measurement, its ratio to the hand-written SQL, and that of its growth."""
    ours, ours_before = getattr(size, name), getattr(smallest, name)
    ratios = (ours.wall / size.by_hand.wall, ours.cpu / size.by_hand.cpu)
    growth = "-"  # if what it grew by is smaller than the noise
    if ours.cpu - ours_before.cpu >= 0.2 * ours_before.cpu:
        wall, cpu = (
            (getattr(ours, unit) - getattr(ours_before, unit))
            / (getattr(size.by_hand, unit) - getattr(smallest.by_hand, unit))
            for unit in ("wall", "cpu")
        )
        growth = f"{wall:.1f} ({cpu:.1f})"
    return [_seconds(ours), "{:.1f} ({:.1f})".format(*ratios), growth]


def _script(size: Size, library: str) -> str:
    """What a script cost, or why it was not run."""
    if library in size.scripts:
        return _with_memory(asdict(size.scripts[library]))
    return "not run" if size.activities > LARGEST_FOR_DATAFRAMES else "not installed"


def _with_memory(cost: Mapping[str, Any]) -> str:
    return f"{cost['wall']:.1f} ({cost['cpu']:.1f}), {cost['peak_bytes'] / MIB:,.0f}"


def _of_scripts(size: Size, count: str) -> int:
    return sum(
        table[count] for tables in size.scripts_compared.values() for table in tables.values()
    )


def _dearest_table(size: Size) -> list[str]:
    """The nodes of dbt that took longest at one size."""

    def dearest(measured: Measurement) -> list[tuple[str, float]]:
        nodes = sorted(measured.found["nodes"].items(), key=lambda node: -node[1])
        built = len(nodes), sum(seconds for _, seconds in nodes)
        named = [(f"`{name}`", seconds) for name, seconds in nodes[:DEAREST]]
        named += [("", 0.0)] * (DEAREST - len(named))
        return [*named, (f"all {built[0]} that were built", built[1])]

    rows = zip(dearest(size.full), dearest(size.incremental), strict=True)
    return [
        f"The dearest seeds, models and tests at {size.activities:,} activities, seconds by the"
        " clock; two run at a time.",
        "",
        *_table(
            ["full refresh", "seconds", "incremental refresh", "seconds"],
            [
                [name, f"{seconds:.2f}", other, f"{other_seconds:.2f}" if other else ""]
                for (name, seconds), (other, other_seconds) in rows
            ],
        ),
    ]


def _rows_per_second(size: Size, measured: Measurement) -> float:
    return float(size.loading.found["rows"]) / measured.phases["loading"]["wall"]


def write_document(path: Path, measured: str, begin: str = BEGIN, end: str = END) -> None:
    """Put the tables between the two markers of the document."""
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{measured}\n\n{end}{after}", encoding="utf-8")


def read_measured(path: Path) -> dict[str, Any]:
    """What was measured before: `sizes`, the `commands` and `intraday`."""
    if not path.is_file():
        return {"sizes": [], "commands": None, "intraday": None}
    stored = json.loads(path.read_text(encoding="utf-8"))

    def size(values: dict[str, Any]) -> Size:
        scripts = {name: Measurement(**cost) for name, cost in values.pop("scripts").items()}
        return Size(
            **{
                name: Measurement(**value) if isinstance(value, dict) and "wall" in value else value
                for name, value in values.items()
            },
            scripts=scripts,
        )

    return {
        "sizes": [size(values) for values in stored["sizes"]],
        "commands": tuple(Measurement(**values) for values in stored["commands"]),
        "intraday": Measurement(**stored["intraday"]),
    }


def write_measured(
    path: Path,
    sizes: Sequence[Size],
    commands: tuple[Measurement, Measurement],
    intraday: Measurement,
) -> None:
    """Keep what was measured, for a later run that measures one size."""
    content = {
        "sizes": [asdict(size) for size in sizes],
        "commands": [asdict(measured) for measured in commands],
        "intraday": asdict(intraday),
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def merged(before: Sequence[Size], size: Size) -> list[Size]:
    """All sizes in order; one that was measured again replaces what it was (seeds are fixed)."""
    kept = [other for other in before if other.activities != size.activities]
    return sorted([*kept, size], key=lambda one: one.activities)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and write if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--activities", type=float, nargs="+", default=[0.1, 1], metavar="MILLIONS")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    parser.add_argument("--write", action="store_true", help=f"renew {DOCUMENT.name}")
    parser.add_argument(
        "--keep", action="store_true", help="keep what was measured before and is not asked for"
    )
    options = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    for library in LIBRARIES:
        if not importlib.util.find_spec(library):
            console.print(f"{library} is not installed and is left out: uv pip install {library}")
    load = os.getloadavg()[0]
    before = read_measured(MEASURED if options.keep else Path())
    sizes, commands, intraday = before["sizes"], before["commands"], before["intraday"]
    numbers = [round(1e6 * millions) for millions in options.activities]
    if not sizes:
        numbers.insert(0, SMALLEST)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="benchmark-") as temporary:
        folder = Path(temporary).resolve()
        commands = commands or measure_command(folder / "command")
        intraday = intraday or measure_intraday(folder / "intraday")
        for number in numbers:
            console.print(f"{number:,} activities …")
            sizes = merged(sizes, measure_size(folder / str(number), number))
            shutil.rmtree(folder / str(number))  # the next one needs the space
            if options.write:  # a large size that fails does not take the others with it
                write_measured(MEASURED, sizes, commands, intraday)
    measured = render(sizes, commands, load, intraday)
    console.print(measured, markup=False)
    if options.write:
        write_document(DOCUMENT, measured)


if __name__ == "__main__":
    main()
