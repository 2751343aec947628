"""Progress of a refresh on the terminal: its steps as they run, and a summary at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orchestration.cli.terminal import out, shown
from orchestration.core.settings import Settings

if TYPE_CHECKING:
    from orchestration.execution import Loaded, Progress
    from orchestration.releases.release import Release

STEPS = {
    "config__policy": "Check the policy",
    "load_raw": "Read the sources",
    "raw_expectations": "Check the raw data",
    "dbt_build": "Build the scorecards",
    "marts_expectations": "Check the scorecards",
    "published__release": "Publish",
    "published__postgres": "Show it in PostgreSQL",
    "reports__site": "Renew the pages",
    "alerts__digests": "Tell who is concerned",
}
SHOWN_LEFT_OUT = 5


class Display:
    """Progress on the terminal: a spinner where there is one, plain lines elsewhere."""

    def __init__(self) -> None:
        """Show a spinner only where it can turn."""
        self._status = out.status("Starting") if out.is_terminal else None
        self._started: dict[str, float] = {}

    def __enter__(self) -> Display:
        """Start the spinner."""
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the spinner."""
        if self._status:
            self._status.stop()

    def update(self, progress: Progress) -> None:
        """Show what a step of the run reports."""
        title = STEPS.get(progress.step, progress.step)
        if progress.kind == "start":
            self._started[progress.step] = time.monotonic()
            if self._status:
                self._status.update(title)
            else:
                out.print(f"  {title} …")
        elif progress.kind == "message" and self._status:
            self._status.update(f"{title}  [dim]{progress.message[:60]}[/]")
        elif progress.kind in ("success", "failure"):
            seconds = time.monotonic() - self._started[progress.step]
            mark = "[green]✓[/]" if progress.kind == "success" else "[red]✗[/]"
            out.print(f"{mark} {title}  [dim]{seconds:.1f} s[/]")


def print_summary(
    settings: Settings, loads: list[Loaded], seconds: float, *, reports: bool, alerts: bool
) -> None:
    """Print what was read, checked and published."""
    from orchestration.policy.check import check_policy
    from orchestration.releases.release import current_release
    from orchestration.warehouse.run_state import read_alerts, read_checks

    rows, changed, quarantined = (
        sum(values)
        for values in zip(
            *((load.rows, load.rows_changed, load.rows_quarantined) for load in loads), strict=True
        )
    )
    out.print(
        f"\nRead       {len(loads)} tables with {rows:,} rows; {changed:,} new, changed or deleted"
    )
    if quarantined:
        out.print(f"           {quarantined:,} bad rows are in quarantine", style="yellow")
    found = [str(problem) for problem in check_policy(settings) if problem.severity == "warn"]
    for warning in (*(warning for load in loads for warning in load.warnings), *found):
        out.print(f"           warning: {warning}", style="yellow", markup=False)
    checks = read_checks(settings)
    warned = [result for result in checks if not result.passed]
    out.print(f"Checked    {len(checks) - len(warned)} of {len(checks)} checks passed")
    for result in warned:
        # a finding says what to do where others say what was expected
        expected = "" if result.expected == "none" else f", expected {result.expected}"
        out.print(
            f"           warning: {result.check_name}: {result.observed_value}{expected}",
            style="yellow",
            markup=False,
        )
    release = current_release(settings)
    if release is not None:
        print_release(settings, release, reports=reports)
    if alerts:
        out.print(f"Alerts     {read_alerts(settings)}", markup=False)
    out.print(f"Took       {seconds:.0f} s")


def print_release(settings: Settings, release: Release, *, reports: bool) -> None:
    """Print where the release and the pages are, and who sees none of it."""
    current = shown(settings.published_dir) / "current"
    out.print(f"Published  {release.release_id}, as of {release.as_of_date}")
    out.print(f"           {current}/scorecard.duckdb and {current}/parquet/*.parquet")
    if reports:
        option = "" if settings.company == "demo" else f" --company {settings.company}"
        out.print(f"Pages      `scorecard serve{option}` shows them")
        _print_audiences(settings)
    if settings.serving_url or (reports and settings.audiences):
        _print_left_out(settings, release)


def _print_audiences(settings: Settings) -> None:
    from orchestration.releases.audiences import read_listing

    listing = read_listing(settings.reports_dir / "current")
    if listing is not None:
        out.print(f"           {len(listing['audiences'])} audiences have a folder of their own")


def _print_left_out(settings: Settings, release: Release) -> None:

    from orchestration.releases.audiences import HOW_TO_LET_IN, find_left_out, read_people
    from orchestration.releases.release import open_tables

    with open_tables(release.database) as connection:
        left_out = find_left_out(read_people(connection), settings.analysts)
    if left_out:
        shown = [f"{rep_id} {reason}" for rep_id, reason in left_out.items()][:SHOWN_LEFT_OUT]
        more = ["…"] if len(left_out) > len(shown) else []
        out.print(
            f"           warning: {len(left_out)} see nothing: {'; '.join([*shown, *more])}."
            f" {HOW_TO_LET_IN}",
            style="yellow",
            markup=False,
        )
