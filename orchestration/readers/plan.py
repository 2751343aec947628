"""What would it take: the plan of a revenue target, and its goals as a change of the policy.

The arithmetic is that of the mart `goal_plan`: its unit plan is read from the release, and the
model that sizes the plan, `int_plans__sized`, is run on it with another target.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import duckdb
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from orchestration.core.errors import ConfigError
from orchestration.core.files import replace_file
from orchestration.core.settings import Settings
from orchestration.policy.cells import parse_date, parse_number
from orchestration.policy.check import check_policy
from orchestration.policy.reading import PolicyRow, read_policy
from orchestration.readers.labels import format_day, format_value
from orchestration.readers.scorecard import reading_release

MOST_LIKELY = 0.99
SIZING = Path("models", "intermediate", "plan", "int_plans__sized.sql")
# what `goal_plan` knows of a role whatever its target
UNIT_PLAN = (
    "role",
    "fiscal_year",
    "year_start_date",
    "step",
    "last_step",
    "metric_id",
    "metric_name",
    "unit",
    "result_unit",
    "result_dispersion",
    "history_from",
    "history_to",
    "own_weight",
    "rate",
    "events_per_result",
    "channel_share",
    "capacity_days_per_rep",
    "working_days",
    "median_per_day",
    "top_quartile_per_day",
    "assigned_goal",
    *(f"month_{month}_share" for month in range(1, 13)),
)
VOLUMES = (
    "result_mean",
    "events_per_year",
    "events_per_month",
    "events_per_rep",
    "events_per_day",
    "full_time_goal",
    "feasibility",
)
FEASIBILITY = {
    "feasible": "feasible, at most what the median rep does",
    "ambitious": "ambitious, at most what the top quartile of reps does",
    "not_feasible": "not feasible, more than the top quartile of reps does",
}
# how many of a period are in a year; days and weeks follow from the working days
PERIODS_OF_A_YEAR = {"month": 12.0, "quarter": 4.0, "year": 1.0, "week": 365.25 / 7}


@dataclass(frozen=True)
class Plan:
    """The steps of a role's funnel with the volumes that its target takes."""

    company: str
    currency: str
    role: str
    revenue: float
    probability: float
    reps: float
    as_of_date: dt.date
    fiscal_year: int
    year_start: dt.date
    steps: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Plain types under keys that stay; null is what is not known."""
        return {
            "company": self.company,
            "currency": self.currency or None,
            "role": self.role,
            "revenue": self.revenue,
            "probability": self.probability,
            "reps": self.reps,
            "as_of_date": self.as_of_date.isoformat(),
            "fiscal_year": self.fiscal_year,
            "year_start_date": self.year_start.isoformat(),
            "steps": [
                {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in step.items()}
                for step in self.steps
            ],
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The plan as a table, the result first, and whether the role can do it."""
        result = self.steps[-1]
        yield Text(
            f"{self.role}, fiscal year {self.fiscal_year}, from {format_day(self.year_start)}",
            style="bold",
        )
        yield Text(
            f"{format_value(self.revenue, 'money', self.currency)} with a chance of "
            f"{self.probability:.0%}: aim at "
            f"{format_value(result['result_mean'], 'money', self.currency)} "
            f"with {self.reps:g} rep{'' if self.reps == 1 else 's'}"
        )
        table = Table(box=box.SIMPLE)
        table.add_column("")
        for name in ("A year", "A month", "Rep a day", "Usual", "Best 25%", "Rate"):
            table.add_column(name, justify="right", no_wrap=True)
        for step in reversed(self.steps):
            unit = step["unit"]
            rate_unit = "money" if unit == "money" else "ratio"
            table.add_row(
                step["metric_name"],
                *(
                    format_value(step[name], unit)
                    for name in ("events_per_year", "events_per_month")
                ),
                *(
                    _per_day(step[name], unit)
                    for name in ("events_per_day", "median_per_day", "top_quartile_per_day")
                ),
                format_value(step["rate"], rate_unit),
            )
        yield table
        yield Text(
            "Rate: what comes of one of the row below. Usual, best 25%: what reps do a day today.\n"
        )
        for step in self.steps:
            if step["step"] == 1 and step["feasibility"]:
                yield Text(f"{step['metric_name']}: {FEASIBILITY[step['feasibility']]} on a day")
        for step in self.steps:
            if step["assigned_goal"]:
                share = step["assigned_goal"] / step["events_per_year"]
                yield Text(
                    f"{step['metric_name']}: this year's goals sum to {share:.0%} of this plan"
                )


@dataclass(frozen=True)
class GoalChange:
    """A goal of the policy that ends, if there is one, and the one that starts in its place."""

    old: PolicyRow | None
    new: dict[str, str]


def make_plan(
    settings: Settings,
    role: str,
    revenue: float,
    *,
    reps: float | None = None,
    probability: float = 0.8,
) -> Plan:
    """The plan of a role's revenue target, from the rates of the published release.

    Args:
        settings: the company.
        role: whose funnel to walk backwards.
        revenue: what all reps of the role are to win in a year.
        reps: how many there will be; those of the as-of date by default.
        probability: the chance to reach the target.

    Raises:
        ConfigError: an argument is not usable, or there is no plan for the role.
        ScorecardError: the release has other columns than this code knows.
    """
    if not 0 < revenue < math.inf:
        raise ConfigError(f"--revenue: {revenue:g} is not a number above 0.")
    if not 0.5 <= probability <= MOST_LIKELY:
        raise ConfigError(
            f"--probability: {probability:g} is not between 0.5 (an even chance) and {MOST_LIKELY}."
        )
    if reps is not None and not 0 < reps < math.inf:
        raise ConfigError(f"--reps: {reps:g} is not a number above 0.")
    model = (settings.dbt_project_dir / SIZING).read_text("utf-8")
    quantile = NormalDist().inv_cdf(probability)
    with_plans = "select distinct role from goal_plan where result_unit = 'money' order by 1"
    with reading_release(settings) as (release, connection):
        steps = _sized_steps(connection, model, [revenue, quantile, reps, role])
        roles = [row[0] for row in connection.execute(with_plans).fetchall()]
    if role not in roles:
        known = ", ".join(roles) or "none yet: funnels.csv says what leads to revenue"
        reason = "has a funnel that does not end in money" if steps else "has no plan"
        raise ConfigError(f"--role: '{role}' {reason}. Roles with a plan: {known}.")
    first = steps[0]
    if not first["reps"]:
        raise ConfigError(
            f"--reps: nobody has the role '{role}' today; say how many there will be."
        )
    return Plan(
        company=settings.company,
        currency=read_policy(settings.seeds_dir).setting("currency"),
        role=role,
        revenue=revenue,
        probability=probability,
        reps=first["reps"],
        as_of_date=release.as_of_date,
        fiscal_year=first["fiscal_year"],
        year_start=first["year_start_date"],
        steps=steps,
    )


def _sized_steps(
    connection: duckdb.DuckDBPyConnection, model: str, inputs: list[Any]
) -> list[dict[str, Any]]:
    """Run the sizing model on the role's published unit plan instead of the model that it reads.

    Args:
        connection: opens the release.
        model: the text of `int_plans__sized.sql`.
        inputs: target, quantile of its chance, number of reps (None: those of today), role.
    """
    unit_plan = f"""select {", ".join(UNIT_PLAN)}, cast(? as double) as result_target,
        cast(? as double) as normal_quantile, coalesce(cast(? as double), reps) as reps
        from goal_plan where role = ? and probability = 0.5"""
    sized = model.replace("{{ ref('int_unit_plans__joined') }}", f"({unit_plan})")
    columns = (*UNIT_PLAN, "reps", *VOLUMES)
    rows = connection.execute(
        f"select {', '.join(columns)} from ({sized}) order by step, channel_share desc, metric_id",
        inputs,
    ).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def write_goals(settings: Settings, plan: Plan) -> list[GoalChange]:
    """Put the plan's goals into goals.csv: what holds today ends where the planned year starts.

    Only metrics of the role's scorecard get a goal. A goal for a tier keeps its proportion to the
    one for the whole role. Lines that do not change keep every byte.

    Raises:
        ConfigError: goals of the planned year are there already, or the policy would not be valid;
            nothing was written then.
    """
    policy = read_policy(settings.seeds_dir)
    path = settings.seeds_dir / "goals.csv"
    problems = [str(problem) for problem in check_policy(settings) if problem.severity == "error"]
    if problems:
        raise ConfigError("\n".join(["Mend the policy first:", *problems]))
    before = path.read_bytes()
    changes = list(_changes(plan, policy.rows("goals"), _measured(plan, policy.rows)))
    if not changes:
        raise ConfigError(
            f"{policy.file('scorecard_metrics')}: no metric of the funnel is on the scorecard of "
            f"role '{plan.role}', so there is no goal to write."
        )
    replace_file(path, _changed(before, changes, plan.year_start))
    problems = [str(problem) for problem in check_policy(settings) if problem.severity == "error"]
    if problems:
        replace_file(path, before)
        raise ConfigError("\n".join(["Nothing was written: the goals would not fit.", *problems]))
    return changes


def _measured(plan: Plan, rows: Any) -> set[str]:
    return {row["metric_id"] for row in rows("scorecard_metrics") if row["role"] == plan.role}


def _changes(plan: Plan, goals: list[PolicyRow], measured: set[str]) -> Iterator[GoalChange]:
    taken = {row["goal_id"] for row in goals}
    start = plan.year_start
    for step in plan.steps:
        if step["metric_id"] not in measured:
            continue
        own = [
            row
            for row in goals
            if (row["scope"], row["scope_value"], row["metric_id"])
            == ("role", plan.role, step["metric_id"])
        ]
        for row in own:
            if (parse_date(row["valid_from"]) or dt.date.min) >= start:
                raise ConfigError(
                    f"goals.csv line {row.line}: goal '{row['goal_id']}' starts on "
                    f"{row['valid_from']}; remove it first if this plan is to replace it."
                )
        held = [row for row in own if (parse_date(row["valid_to"]) or dt.date.max) > start]
        whole = next((row for row in held if not row["tier"]), None)
        if not held:
            cells = {
                "scope": "role",
                "scope_value": plan.role,
                "metric_id": step["metric_id"],
                "period": "year" if step["unit"] == "money" else "month",
                "timing": "redistribute" if step["unit"] == "money" else "relieve",
            }
            name = f"{plan.role.lower()}_{step['metric_id']}"
            yield _change(None, cells, name, _goal(step, cells["period"]), plan, taken)
        for row in held:
            goal = _goal(step, row["period"])
            if row["tier"] and whole is not None and whole["period"] == row["period"]:
                goal *= (parse_number(row["goal"]) or 0) / (parse_number(whole["goal"]) or 1)
            yield _change(row, row.cells, row["goal_id"], goal, plan, taken)


def _change(
    old: PolicyRow | None,
    cells: dict[str, str],
    name: str,
    goal: float,
    plan: Plan,
    taken: set[str],
) -> GoalChange:
    goal_id = f"{re.sub(r'_fy[0-9]{4}$', '', name)}_fy{plan.fiscal_year}"
    while goal_id in taken:
        goal_id += "_plan"
    taken.add(goal_id)
    return GoalChange(
        old,
        {
            **cells,
            "goal_id": goal_id,
            "goal": f"{float(f'{goal:.3g}'):.10g}",
            "valid_from": plan.year_start.isoformat(),
            "valid_to": "",
        },
    )


def _goal(step: dict[str, Any], period: str) -> float:
    """The goal of a full-time rep for a period, in a season like the average of the year."""
    yearly = float(step["full_time_goal"])
    if period == "day":
        return yearly / float(step["working_days"])
    return yearly / PERIODS_OF_A_YEAR[period]


def _changed(content: bytes, changes: list[GoalChange], start: dt.date) -> bytes:
    """The file with the ends of old goals and the new ones after it."""
    text = content.decode("utf-8")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    header = next(csv.reader([lines[0].lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")]))
    for change in changes:
        if change.old is not None:
            ended = {**change.old.cells, "valid_to": start.isoformat()}
            lines[change.old.line - 1] = _line(header, ended, newline)
    if not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    lines += [_line(header, change.new, newline) for change in changes]
    return "".join(lines).encode("utf-8")


def _line(header: list[str], cells: dict[str, str], newline: str) -> str:
    file = io.StringIO()
    csv.DictWriter(file, header, restval="", lineterminator=newline).writerow(cells)
    return file.getvalue()


def _per_day(value: float | None, unit: str) -> str:
    small = value is not None and unit == "count" and value < 10
    return f"{value:.2f}" if small else format_value(value, unit)
