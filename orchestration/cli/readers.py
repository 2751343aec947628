"""Commands for reps and managers: scorecard, plan, one-on-ones, alerts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.terminal import (
    Company,
    err,
    now,
    out,
    require_input,
    settings_of,
    shown,
    wide,
)
from orchestration.core.environment import parse_day
from orchestration.core.errors import ScorecardError

app = typer.Typer()


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

    scorecard = read_scorecard(settings_of(company), rep, period)
    if as_json:
        out.print_json(data=scorecard.as_json(), highlight=False)
    else:
        wide.print(scorecard)


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

    settings = settings_of(company)
    made = make_plan(settings, role, revenue, reps=reps, probability=probability)
    if as_json:
        out.print_json(data=made.as_json(), highlight=False)
    else:
        wide.print(made)
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
        err.print(f"Review the change of {shown(path)} (git diff), then refresh.", markup=False)


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
    """Record an action agreed on in a one-on-one; later sheets show its outcome."""
    from orchestration.policy.as_of import company_time_zone
    from orchestration.readers.agreements import agree as write_down
    from orchestration.readers.agreements import find_metric
    from orchestration.readers.scorecard import find_published_rep

    settings = settings_of(company)
    require_input(settings)
    person = find_published_rep(settings, rep)
    today = now().astimezone(company_time_zone(settings)).date()
    path = write_down(
        settings,
        person["rep_id"],
        metric_id=find_metric(settings, metric),
        action=action,
        agreed_date=parse_day(day, "--date") if day else today,
        due_date=parse_day(due, "--due") if due else None,
        note=note,
    )
    out.print(f"Written down for {person['rep_name']} in {shown(path)}.", markup=False)


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

    settings = settings_of(company)
    target = folder or settings.company_dir / "one-on-ones"
    for path in print_sheets(settings, manager, target, paper="Letter" if letter else "A4"):
        out.print(str(shown(path)), markup=False)


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

    settings = settings_of(company)
    alert_settings = AlertSettings.from_environment(os.environ)
    alert_settings.require_known_services()
    today = now().astimezone(company_time_zone(settings)).date()
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
