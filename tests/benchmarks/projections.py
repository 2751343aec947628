"""The tables of docs/projections.md: `python -m tests.benchmarks.projections`."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.releases.release import current_release
from tests.benchmarks.__main__ import write_document

DOCUMENT = REPOSITORY / "docs" / "projections.md"
CHANCES = """
    select mean_chance, reached_ratio, reached_low, reached_high, forecasts
    from marts.projection_calibration where slice = 'chance' order by chance_from
"""
COVERAGE = """
    select
        coalesce(role || ' ' || metric_id, role, period_type, 'all'), coverage_ratio, coverage_low,
        coverage_high, mean_chance, reached_ratio, forecasts
    from marts.projection_calibration where slice in ('all', 'period_type', 'role', 'metric')
    order by list_position(['all', 'period_type', 'role', 'metric'], slice), 1
"""


def tables(database: Path) -> str:
    """Chances and coverage of a published release, as Markdown."""
    with duckdb.connect(str(database), read_only=True) as connection:
        chances = connection.execute(CHANCES).fetchall()
        coverage = connection.execute(COVERAGE).fetchall()
    lines = ["| stated chance | goal reached | 95 % interval | forecasts |", "|---|---|---|---|"]
    lines += [
        f"| {stated:.1%} | {reached:.1%} | {low:.1%} to {high:.1%} | {forecasts:,} |"
        for stated, reached, low, high, forecasts in chances
    ]
    lines += [
        "",
        "| forecasts of | held by the 80 % interval | 95 % interval | stated chance | goal reached "
        "| forecasts |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {held:.1%} | {low:.1%} to {high:.1%} | {stated:.1%} | {reached:.1%} "
        f"| {forecasts:,} |"
        for name, held, low, high, stated, reached, forecasts in coverage
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    release = current_release(Settings())
    assert release is not None, "nothing is published: run `scorecard refresh` first"
    write_document(DOCUMENT, tables(release.database))
