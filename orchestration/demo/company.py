"""A made-up company whose truth is known: seasons, conversion rates, lag and people are planted.

Everything a rep does on a day is drawn from `pace x skill x season x capacity x ramp`; the draws of
a month depend on the seed and the month only, so any volume is written in bounded memory.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.demo.activities import write_activities
from orchestration.demo.deals import write_deals
from orchestration.demo.defects import DEFECTS, check_defects
from orchestration.demo.people import Company, agree_on_actions, hire_everyone, planted_seasons
from orchestration.demo.planted import CONVERSION_RATES, LAG_DAYS, LEAD_PROFILE, ROWS_PER_REP_DAY
from orchestration.demo.writing import FileFormat, Writer
from orchestration.policy.reading import read_policy
from orchestration.sources.canonical import TABLES


@dataclass(frozen=True)
class DemoTruth:
    """What was planted, so that a test can ask for it back."""

    today: dt.date
    first_day: dt.date
    reps: int
    seasons: dict[str, dict[str, float]]
    conversion_rates: dict[str, float]
    lag_days: dict[str, int]
    reps_by_cause: dict[str, tuple[str, ...]]
    lead_profile: dict[str, dict[str, float]]
    rows: dict[str, int]
    oddities: dict[str, int]


def generate(
    folder: Path,
    *,
    today: dt.date,
    reps: int = 30,
    days: int = 1000,
    seed: int = 7,
    defects: frozenset[str] = frozenset(),
    activities: int | None = None,
    file_format: FileFormat = "csv",
    seeds_dir: Path | None = None,
) -> DemoTruth:
    """Write the demo company's files into `folder`, replacing what an earlier run wrote there.

    Args:
        folder: where the files connector reads, usually `Settings.files_dir`.
        today: the last complete day; nothing but open deals' expected closing lies behind it.
        reps: people who sell; their managers come on top.
        days: length of the history that ends with `today`.
        seed: the same arguments give the same bytes.
        defects: names of `DEFECTS` to plant.
        activities: choose `reps` and `days` so that about this many activities are written.
        file_format: the format of the activities; the other files are CSV.
        seeds_dir: the policy with calendars and ramp curves; the demo company's by default.

    Raises:
        ConfigError: a size or the name of a defect is not usable.
    """
    check_defects(defects)
    if activities is not None:
        reps, days = _size(activities, days)
    if reps < 8 or days < 30:
        raise ConfigError(
            f"demo data: {reps} reps and {days} days are too few to be a company. "
            "Use at least 8 reps and 30 days."
        )
    policy = read_policy(seeds_dir or Settings().seeds_dir)
    rng = np.random.default_rng([seed, 0])
    company, rep_rows, time_off = hire_everyone(policy, today, days, reps, rng)
    with _replacing(folder) as written:
        writer = Writer(written, company, seed, file_format)
        write_activities(writer)
        writer.write_small("reps", rep_rows)
        writer.write_small("time_off", time_off)
        write_deals(writer, np.random.default_rng([seed, 1]))
        agreed = agree_on_actions(company, rep_rows, np.random.default_rng([seed, 8]))
        writer.write_small("interventions", agreed)
        for name in sorted(defects):
            DEFECTS[name].plant(written, today)
    return _truth(company, writer, reps)


def _truth(company: Company, writer: Writer, reps: int) -> DemoTruth:
    return DemoTruth(
        today=company.today,
        first_day=company.first_day,
        reps=reps,
        seasons=planted_seasons(company),
        conversion_rates=CONVERSION_RATES,
        lag_days={"demos_held -> deals_won": LAG_DAYS},
        reps_by_cause=company.causes,
        lead_profile=LEAD_PROFILE,
        rows=writer.rows,
        oddities=writer.oddities,
    )


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Where to write the files: when all are written, they replace those in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".demo-") as name:
        yield Path(name)
        for table in TABLES:
            for suffix in ("csv", "parquet"):
                (folder / f"{table.name}.{suffix}").unlink(missing_ok=True)
        for path in Path(name).iterdir():
            path.replace(folder / path.name)


def _size(activities: int, days: int) -> tuple[int, int]:
    reps = max(8, round(activities / (ROWS_PER_REP_DAY * days)))
    return reps, max(30, min(days, round(activities / (ROWS_PER_REP_DAY * reps))))
