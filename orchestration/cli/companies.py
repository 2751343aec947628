"""The commands that set a company up: create it, check it, fill the demo, open Dagster."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.terminal import Company, now, out, require_input, settings_of, shown
from orchestration.core.environment import parse_day
from orchestration.core.settings import REPOSITORY, Settings

app = typer.Typer()


@app.command()
def check(company: Company = None) -> None:
    """Check policy, settings, files and connections; a finding names the place and the remedy."""
    from orchestration.policy.check import require_policy
    from orchestration.readers.alerts import AlertSettings
    from orchestration.readers.findings import findings_of_release
    from orchestration.sources.registry import enabled_sources

    settings = settings_of(company)
    AlertSettings.from_environment(os.environ).require_known_services()
    _print_warnings(str(problem) for problem in require_policy(settings))
    require_input(settings)
    warnings = _check_files(settings)
    for source in enabled_sources(settings):
        if source.name == "files":
            continue
        found, more = source.check(settings)
        if found:
            out.print(found, markup=False)
        warnings += more
    if settings.target != "duckdb":
        from orchestration.transform import engines

        with engines.open_engine(settings):
            out.print(f"{engines.address(settings)} answers.", markup=False)
    if settings.serving_url:
        from orchestration.releases.postgres import check_server

        out.print(check_server(settings), markup=False)
    _print_warnings([*warnings, *findings_of_release(settings)])
    out.print(f"[green]Policy and files of '{settings.company}' are in order.[/]")


def _print_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        out.print("[yellow]warn[/] ", end="")
        out.print(warning, markup=False)


def _check_files(settings: Settings) -> list[str]:
    """Warnings about the files and, where they are all there is, what the policy says of them.

    What a CRM holds is compared with the policy by the refresh, which reads it.

    Raises:
        InputError: the files, or what the policy says of them, have errors.
    """
    from orchestration.core.errors import InputError
    from orchestration.policy.as_of import last_complete_day
    from orchestration.policy.reading import read_policy
    from orchestration.quality.findings import find_in_files
    from orchestration.sources.files.load import staged_files

    with staged_files(settings) as staged:
        if settings.has_crm:
            return staged.warnings
        problems = find_in_files(
            settings,
            read_policy(settings.seeds_dir),
            staged.paths,
            staged.place,
            last_complete_day(settings, now()),
        )
    warnings = [str(problem) for problem in problems if problem.severity == "warn"]
    errors = [str(problem) for problem in problems if problem.severity == "error"]
    if errors:
        _print_warnings(warnings)
        raise InputError("\n".join(errors))
    return [*staged.warnings, *warnings]


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="Name of the new company, for example 'acme'.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with policy/*.csv and files/* to start from."),
    ] = None,
) -> None:
    """Create a company: policy from the demo (or a folder), and a folder for its files."""
    from orchestration.sources.init import init_company

    out.print(init_company(Settings.from_environment(), name, source), markup=False)


@app.command("demo-data")
def demo_data(
    reps: Annotated[int, typer.Option(help="People who sell.")] = 30,
    days: Annotated[int, typer.Option(help="Days of history.")] = 1000,
    activities: Annotated[
        int | None, typer.Option(help="About so many activities; chooses reps and days.")
    ] = None,
    today: Annotated[
        str | None, typer.Option(help="Last day of the data, YYYY-MM-DD; yesterday otherwise.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 7,
    defect: Annotated[
        list[str] | None, typer.Option(help="Plant this defect; may be repeated.")
    ] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Activities as Parquet.")] = False,
) -> None:
    """Write the files of the demo company, of any size."""
    from orchestration.demo.company import generate
    from orchestration.policy.as_of import last_complete_day

    settings = settings_of("demo")
    generate(
        settings.files_dir,
        today=parse_day(today, "--today") if today else last_complete_day(settings, now()),
        reps=reps,
        days=days,
        seed=seed,
        defects=frozenset(defect or []),
        activities=activities,
        file_format="parquet" if parquet else "csv",
    )
    out.print(f"The files are in {shown(settings.files_dir)}. Next: `scorecard refresh`.")


@app.command()
def dev(
    company: Company = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Open the Dagster UI on 127.0.0.1, with the asset graph, the runs and the schedule."""
    from orchestration.execution import prepare_home

    prepare_home(settings_of(company))
    os.chdir(REPOSITORY)
    command = ["dagster", "dev", "-m", "orchestration.definitions"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", *command])
