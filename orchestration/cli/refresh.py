"""The commands that refresh: once, or whenever a source changed."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.errors import shown_error
from orchestration.cli.progress import Display, print_summary
from orchestration.cli.terminal import Company, now, out, require_input, settings_of

if TYPE_CHECKING:
    from orchestration.readers.watch import Due

app = typer.Typer()


@app.command()
def refresh(
    company: Company = None,
    as_of: Annotated[
        str | None, typer.Option(help="Last day that counts, YYYY-MM-DD; yesterday otherwise.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read and build all from scratch.")] = False,
    no_reports: Annotated[
        bool, typer.Option("--no-reports", help="Publish the data, leave the pages.")
    ] = False,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="Set bad rows aside instead of failing.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Show the run in `scorecard dev` (slower).")
    ] = False,
) -> None:
    """Read the sources, build and check the scorecards, publish them: the nightly job."""
    from orchestration.policy.as_of import choose_as_of
    from orchestration.policy.check import require_policy
    from orchestration.readers.alerts import AlertSettings
    from orchestration.site.publish import require_audiences

    settings = settings_of(company)
    if not no_reports:
        require_audiences(settings)
    require_input(settings)
    alerts = AlertSettings.from_environment(os.environ).is_on
    day = choose_as_of(settings, as_of, os.environ, now())
    require_policy(settings)  # the job does so too, but only after seconds of imports
    started = time.monotonic()
    gc.disable()  # a tenth of the time of a small refresh went into looking for cycles
    with Display() as display:
        from orchestration.execution import run_refresh

        loads = run_refresh(
            settings,
            {"as_of": day.isoformat(), "full": full, "quarantine": quarantine},
            reports=not no_reports,
            alerts=alerts,
            record=record,
            on_progress=display.update,
        )
    print_summary(
        settings, loads, time.monotonic() - started, reports=not no_reports, alerts=alerts
    )


@app.command()
def watch(
    company: Company = None,
    no_reports: Annotated[
        bool, typer.Option("--no-reports", help="Publish the data, leave the pages.")
    ] = False,
) -> None:
    """Poll the sources and refresh as of today when they change, until Ctrl+C."""
    from orchestration.policy.as_of import company_time_zone
    from orchestration.readers.alerts import AlertSettings
    from orchestration.readers.watch import seconds_between_looks
    from orchestration.readers.watch import watch as watch_sources

    settings = settings_of(company)
    require_input(settings)
    alerts = AlertSettings.from_environment(os.environ).is_on
    zone = company_time_zone(settings)
    # a shell starts background processes with Ctrl+C ignored, and Dagster lets SIGTERM follow it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()

    def say(text: str) -> None:
        out.print(f"{now().astimezone(zone):%Y-%m-%d %H:%M:%S}  {text}", markup=False)

    def refresh_once(due: Due) -> None:
        from orchestration.execution import run_refresh

        started = time.monotonic()
        try:
            run_refresh(
                settings,
                {"as_of": due.as_of.isoformat()},
                reports=not no_reports,
                alerts=alerts,
                record=False,
                on_progress=lambda progress: None,
            )
        except Exception as error:
            raise shown_error(error) from None
        say(f"Published, {time.monotonic() - started:.0f} s.")
        gc.collect()  # when nobody waits

    say(f"Looking at the sources of '{settings.company}' every {seconds_between_looks()} s.")
    watch_sources(settings, refresh_once, say)
    say("Beginning anew: it is another day, or the policy or the dbt project changed.")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "orchestration.cli", *sys.argv[1:]])
