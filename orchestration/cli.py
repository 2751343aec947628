"""The command `scorecard`. It imports what a command needs only when that command runs."""

from __future__ import annotations

import atexit
import datetime as dt
import gc
import io
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.settings import REPOSITORY, Settings, parse_day

if TYPE_CHECKING:
    from orchestration.execution import Loaded, Progress
    from orchestration.releases.publish import Release

app = typer.Typer(
    help="Honest sales scorecards: from raw CRM activity to published, checked pages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
releases_app = typer.Typer(help="What is published.", no_args_is_help=True)
app.add_typer(releases_app, name="releases")

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

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
Company = Annotated[
    str | None,
    typer.Option("--company", "-c", help="Whose data; SCORECARD_COMPANY or 'demo' otherwise."),
]


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

    settings = _settings(company)
    if not no_reports:
        require_audiences(settings)
    _require_input(settings)
    alerts = AlertSettings.from_environment(os.environ).is_on
    day = choose_as_of(settings, as_of, os.environ, _now())
    require_policy(settings)  # the job does so too, but only after seconds of imports
    started = time.monotonic()
    gc.disable()  # a tenth of the time of a small refresh went into looking for cycles
    with _Display() as display:
        from orchestration.execution import run_refresh

        loads = run_refresh(
            settings,
            {"as_of": day.isoformat(), "full": full, "quarantine": quarantine},
            reports=not no_reports,
            alerts=alerts,
            record=record,
            on_progress=display.update,
        )
    _print_summary(
        settings, loads, time.monotonic() - started, reports=not no_reports, alerts=alerts
    )


@app.command()
def watch(
    company: Company = None,
    no_reports: Annotated[
        bool, typer.Option("--no-reports", help="Publish the data, leave the pages.")
    ] = False,
) -> None:
    """Look at the sources now and then, refresh as of today when they changed; until Ctrl+C."""
    from orchestration.policy.as_of import company_time_zone
    from orchestration.readers.alerts import AlertSettings
    from orchestration.readers.watch import Due, seconds_between_looks
    from orchestration.readers.watch import watch as watch_sources

    settings = _settings(company)
    _require_input(settings)
    alerts = AlertSettings.from_environment(os.environ).is_on
    zone = company_time_zone(settings)
    # a shell starts background processes with Ctrl+C ignored, and Dagster lets SIGTERM follow it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()

    def say(text: str) -> None:
        out.print(f"{_now().astimezone(zone):%Y-%m-%d %H:%M:%S}  {text}", markup=False)

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
            raise _find_scorecard_error(error) or _unforeseen(error) from None
        say(f"Published, {time.monotonic() - started:.0f} s.")
        gc.collect()  # when nobody waits

    say(f"Looking at the sources of '{settings.company}' every {seconds_between_looks()} s.")
    watch_sources(settings, refresh_once, say)
    say("Beginning anew: it is another day, or the policy or the dbt project changed.")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "orchestration.cli", *sys.argv[1:]])


@app.command()
def check(company: Company = None) -> None:
    """Check policy, settings, files and connections; a finding names the place and the remedy."""
    from orchestration.policy.check import require_policy
    from orchestration.readers.alerts import AlertSettings
    from orchestration.sources.registry import enabled_sources

    settings = _settings(company)
    AlertSettings.from_environment(os.environ).require_known_services()
    for problem in require_policy(settings):
        out.print("[yellow]warn[/] ", end="")
        out.print(str(problem), markup=False)
    _require_input(settings)
    warnings = []
    for source in enabled_sources(settings):
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
    for warning in warnings:
        out.print("[yellow]warn[/] ", end="")
        out.print(warning, markup=False)
    out.print(f"[green]Policy and files of '{settings.company}' are in order.[/]")


@app.command()
def show(
    rep: Annotated[str, typer.Argument(help="Id, name, or a part of a name that is clear.")],
    period: Annotated[
        str, typer.Option(help="week, month, quarter, year, last_4_weeks, previous_month, …")
    ] = "month",
    company: Company = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same figures as JSON.")] = False,
) -> None:
    """Show a rep's scorecard from the published release."""
    from orchestration.readers.scorecard import read_scorecard

    scorecard = read_scorecard(_settings(company), rep, period)
    if as_json:
        out.print_json(data=scorecard.as_json(), highlight=False)
    else:
        Console(highlight=False).print(scorecard)


@app.command()
def plan(
    revenue: Annotated[float, typer.Option(help="What the reps of the role are to win in a year.")],
    role: Annotated[str, typer.Option(help="A role whose funnel ends in money: AE.")],
    reps: Annotated[
        float | None, typer.Option(help="How many reps there will be; today's otherwise.")
    ] = None,
    probability: Annotated[float, typer.Option(help="The chance to reach it: 0.5 is even.")] = 0.8,
    company: Company = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same figures as JSON.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put the goals into goals.csv, for review.")
    ] = False,
) -> None:
    """Show what a revenue target would take, step by step, from the published rates."""
    from orchestration.readers.plan import make_plan, write_goals

    settings = _settings(company)
    made = make_plan(settings, role, revenue, reps=reps, probability=probability)
    if as_json:
        out.print_json(data=made.as_json(), highlight=False)
    else:
        Console(highlight=False).print(made)
    if write:
        path = settings.seeds_dir / "goals.csv"
        for change in write_goals(settings, made):
            old = change.old
            instead = f", in place of {old['goal_id']} ({old['goal']})" if old else ""
            err.print(
                f"{change.new['goal_id']}: {change.new['goal']} a {change.new['period']} from "
                f"{change.new['valid_from']}{instead}",
                markup=False,
            )
        err.print(f"Review the change of {_shown(path)} (git diff), then refresh.", markup=False)


@app.command()
def agree(
    rep: Annotated[str, typer.Argument(help="Id, name, or a part of a name that is clear.")],
    metric: Annotated[str, typer.Option(help="What it is to raise: id or name of a metric.")],
    action: Annotated[str, typer.Option(help="What was agreed on.")],
    due: Annotated[str | None, typer.Option(help="Until when, YYYY-MM-DD.")] = None,
    note: Annotated[str, typer.Option(help="Anything else.")] = "",
    day: Annotated[
        str | None, typer.Option("--date", help="Day of the one-on-one; today otherwise.")
    ] = None,
    company: Company = None,
) -> None:
    """Write down what was agreed on in a one-on-one; later sheets say what came of it."""
    from orchestration.policy.as_of import company_time_zone
    from orchestration.readers.agreements import agree as write_down
    from orchestration.readers.agreements import find_metric
    from orchestration.readers.scorecard import find_published_rep

    settings = _settings(company)
    _require_input(settings)
    person = find_published_rep(settings, rep)
    today = _now().astimezone(company_time_zone(settings)).date()
    path = write_down(
        settings,
        person["rep_id"],
        metric_id=find_metric(settings, metric),
        action=action,
        agreed_date=parse_day(day, "--date") if day else today,
        due_date=parse_day(due, "--due") if due else None,
        note=note,
    )
    out.print(f"Written down for {person['rep_name']} in {_shown(path)}.", markup=False)


@app.command("one-on-ones")
def one_on_ones(
    manager: Annotated[
        str, typer.Option(help="Whose reps: id, name, or a part of a name that is clear.")
    ],
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where to; data/<company>/one-on-ones otherwise.")
    ] = None,
    letter: Annotated[bool, typer.Option("--letter", help="US Letter instead of A4.")] = False,
    company: Company = None,
) -> None:
    """Print this week's one-on-one sheets of a manager's reps as PDF, one page each."""
    from orchestration.site.sheets import print_sheets

    settings = _settings(company)
    target = folder or settings.company_dir / "one-on-ones"
    for path in print_sheets(settings, manager, target, paper="Letter" if letter else "A4"):
        out.print(str(_shown(path)), markup=False)


@app.command()
def alerts(
    company: Company = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be sent, and to whom.")
    ] = False,
) -> None:
    """Tell reps and managers what newly needs intervention or stands out; once a day at most."""
    from orchestration.policy.as_of import company_time_zone
    from orchestration.readers.alerts import AlertSettings, send_digests

    settings = _settings(company)
    alert_settings = AlertSettings.from_environment(os.environ)
    alert_settings.require_known_services()
    today = _now().astimezone(company_time_zone(settings)).date()
    outcome = send_digests(settings, alert_settings, today, dry_run=dry_run)
    if dry_run:
        for digest in outcome.digests:
            receiver = digest.receiver
            out.print(
                f"To {receiver.name} ({receiver.rep_id}, {receiver.email or 'no e-mail'})",
                markup=False,
            )
            out.print(f"{digest.title}\n{digest.body}\n", markup=False)
    out.print(str(outcome), markup=False)
    if outcome.failed:
        raise ScorecardError(
            f"{len(outcome.failed)} digests could not be delivered. Check that the service of "
            "SCORECARD_ALERT_URL can be reached, then run `scorecard alerts` again: nobody is told "
            "twice."
        )


@releases_app.command("list")
def list_(company: Company = None) -> None:
    """List the releases, newest first."""
    from orchestration.releases.publish import current_release, list_releases

    settings = _settings(company)
    current = current_release(settings)
    releases = list_releases(settings)
    if not releases:
        out.print(f"'{settings.company}' has not published anything yet.")
    for release in releases:
        out.print(
            f"{release.release_id}  as of {release.as_of_date}"
            f"  {sum(release.row_counts.values()):>12,} rows  code {release.code_version}"
            + ("  [green]current[/]" if release == current else "")
        )


@releases_app.command("rollback")
def rollback_(
    release_id: Annotated[str, typer.Argument(help="As `scorecard releases list` shows it.")],
    company: Company = None,
) -> None:
    """Make another release the current one, and let the pages follow."""
    from orchestration.releases.publish import rollback
    from orchestration.site.publish import publish_site, require_audiences
    from orchestration.warehouse.connection import refresh_lock

    settings = _settings(company)
    require_audiences(settings)
    with refresh_lock(settings, _now()):
        release = rollback(settings, release_id)
        if settings.reports_dir.exists():
            publish_site(settings)
        if settings.serving_url:
            from orchestration.releases.postgres import serve_release

            serve_release(settings)
    out.print(f"[green]Release {release.release_id}[/] (as of {release.as_of_date}) is current.")


@app.command()
def serve(
    company: Company = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8080,
    who: Annotated[
        str | None, typer.Option("--as", help="As this person sees them: rep id or e-mail.")
    ] = None,
) -> None:
    """Serve the pages on 127.0.0.1."""
    from orchestration.site.server import serve as serve_site

    settings = _settings(company)
    out.print(f"http://127.0.0.1:{port}  (Ctrl+C ends it)")
    serve_site(settings.reports_dir / "current", port, who)


@app.command()
def roles(company: Company = None) -> None:
    """Give each person a login to the served PostgreSQL, and take it from those who left."""
    from orchestration.releases.postgres import make_roles

    settings = _settings(company)
    if not settings.serving_url:
        raise ConfigError("SCORECARD_SERVING_URL is not set: no PostgreSQL is served.")
    done = make_roles(settings)
    for line in done:
        out.print(line, markup=False)
    out.print("[green]The roles are in order.[/]" if done else "[green]Nothing to change.[/]")


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

    settings = _settings("demo")
    generate(
        settings.files_dir,
        today=parse_day(today, "--today") if today else last_complete_day(settings, _now()),
        reps=reps,
        days=days,
        seed=seed,
        defects=frozenset(defect or []),
        activities=activities,
        file_format="parquet" if parquet else "csv",
    )
    out.print(f"The files are in {_shown(settings.files_dir)}. Next: `scorecard refresh`.")


@app.command()
def dev(
    company: Company = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Open the Dagster UI on 127.0.0.1, with the asset graph, the runs and the schedule."""
    from orchestration.execution import prepare_home

    prepare_home(_settings(company))
    os.chdir(REPOSITORY)
    command = ["dagster", "dev", "-m", "orchestration.definitions"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", *command])


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; an error is one message, never a traceback."""
    try:
        app(arguments)
    except SystemExit as done:
        return int(done.code or 0)
    except KeyboardInterrupt:
        err.print("Interrupted; what was published stays.", style="red")
        return 1
    except Exception as error:
        known = _find_scorecard_error(error)
        if known is not None:
            err.print(str(known), style="red", markup=False)
            return known.exit_code
        err.print(str(_unforeseen(error)), style="red", markup=False)
        return 1
    return 0


def main() -> None:
    """The entry point of the command."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries; the tests turn them into errors
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the letters of a name
    code = run()
    sys.stdout.flush()
    sys.stderr.flush()
    # tearing the interpreter down takes half a second and prints DuckDB's complaints about leaks
    atexit._run_exitfuncs()
    os._exit(code)


def _unforeseen(error: Exception) -> ScorecardError:
    """Words for an error that is not ours."""
    return ScorecardError(
        f"{type(error).__name__}: {error}\nThis was not foreseen. Details: {_write_details()}"
    )


def _write_details() -> Path:
    """Keep the traceback of an unforeseen error in a file."""
    descriptor, name = tempfile.mkstemp(prefix="scorecard-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(traceback.format_exc())
    return Path(name)


def _find_scorecard_error(error: BaseException | None) -> ScorecardError | None:
    """The error of ours that a library wrapped into its own."""
    seen: set[int] = set()  # libraries raise errors again, and so chain them into circles
    while error is not None and id(error) not in seen:
        if isinstance(error, ScorecardError):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _settings(company: str | None) -> Settings:
    """Settings of the company, which later steps read from the environment again."""
    settings = Settings.from_environment(company=company)
    if not settings.seeds_dir.is_dir():
        raise ConfigError(
            f"There is no company '{settings.company}': {settings.seeds_dir} does not exist. "
            f"Create it with `scorecard init {settings.company}`."
        )
    os.environ["SCORECARD_COMPANY"] = settings.company
    return settings


def _require_input(settings: Settings) -> None:
    if settings.has_crm or (settings.files_dir.is_dir() and any(settings.files_dir.iterdir())):
        return
    remedy = (
        "Run `scorecard demo-data` first."
        if settings.company == "demo"
        else "Put the exports there: docs/canonical-tables.md says how."
    )
    raise ConfigError(f"{settings.files_dir} has no files to read. {remedy}")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _shown(path: Path) -> Path:
    return path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path


class _Display:
    """Progress on the terminal: a spinner where there is one, plain lines elsewhere."""

    def __init__(self) -> None:
        self._status = out.status("Starting") if out.is_terminal else None
        self._started: dict[str, float] = {}

    def __enter__(self) -> _Display:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def update(self, progress: Progress) -> None:
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


def _print_summary(
    settings: Settings, loads: list[Loaded], seconds: float, *, reports: bool, alerts: bool
) -> None:
    from orchestration.releases.publish import current_release
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
    for warning in (warning for load in loads for warning in load.warnings):
        out.print(f"           warning: {warning}", style="yellow", markup=False)
    checks = read_checks(settings)
    warned = [result for result in checks if not result.passed]
    out.print(f"Checked    {len(checks) - len(warned)} of {len(checks)} checks passed")
    for result in warned:
        out.print(
            f"           warning: {result.check_name}: {result.observed_value}, "
            f"expected {result.expected}",
            style="yellow",
            markup=False,
        )
    release = current_release(settings)
    if release is not None:
        _print_release(settings, release, reports=reports)
    if alerts:
        out.print(f"Alerts     {read_alerts(settings)}", markup=False)
    out.print(f"Took       {seconds:.0f} s")


def _print_release(settings: Settings, release: Release, *, reports: bool) -> None:
    current = _shown(settings.published_dir) / "current"
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
    import duckdb

    from orchestration.releases.audiences import HOW_TO_LET_IN, find_left_out, read_people

    with duckdb.connect(str(release.database), read_only=True) as connection:
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


if __name__ == "__main__":
    main()
