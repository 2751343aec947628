"""The company's policy (`dbt_project/seeds/<company>/*.csv`): reading and checking it.

`check_policy` runs before anything is built. It finds everything that is wrong at once, and says
for each finding the file, the line, the value and what to do. docs/policy.md explains the columns.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from orchestration.core.errors import ConfigError
from orchestration.core.settings import SOURCES, Settings
from orchestration.quality.thresholds import THRESHOLDS

Severity = Literal["error", "warn"]
CellType = Literal["text", "number", "integer", "boolean", "date", "month_day"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ADDITIVE = ("count", "sum")
# unless company_settings.csv says otherwise
DEFAULT_MAX_SCORECARD_METRICS = 6
DEFAULT_LEADING_PER_LAGGING = 2
PER_WORKING_DAY = "working day"
MAX_FUNNEL_STEPS = 6
MAX_LISTED = 20  # values in one cell, as the macro is_listed reads them

# what leads are known by; those of a company are of its account too
COMPANY_ATTRIBUTES = ("industry", "employee_count", "annual_revenue", "country")
LEAD_ATTRIBUTES = (*COMPANY_ATTRIBUTES, "source", "job_title")
NUMBER_ATTRIBUTES = ("employee_count", "annual_revenue")
NUMBER_OPERATORS = (">=", "<")
TEXT_OPERATORS = ("=", "in", "contains")


@dataclass(frozen=True)
class SeedColumn:
    """A column of a policy file. `filled`: no cell may be empty; `choices`: the values allowed."""

    name: str
    type: CellType = "text"
    filled: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seed:
    """A policy file: its columns in order, and the columns that no two rows may share.

    An optional file that is missing says nothing, like one with only its header.
    """

    name: str
    columns: tuple[SeedColumn, ...]
    key: tuple[str, ...]
    optional: bool = False

    @property
    def header(self) -> str:
        """The first line of the file."""
        return ",".join(column.name for column in self.columns)


def _filled(name: str, type: CellType = "text", *choices: str) -> SeedColumn:
    return SeedColumn(name, type, filled=True, choices=choices)


def _lead_rules(name: str, attributes: tuple[str, ...]) -> Seed:
    return Seed(
        name,
        (
            _filled("attribute", "text", *attributes),
            _filled("operator", "text", *TEXT_OPERATORS, *NUMBER_OPERATORS, "is_blank"),
            SeedColumn("value"),
            _filled("points", "number"),
        ),
        ("attribute", "operator", "value"),
        optional=True,
    )


SEEDS: tuple[Seed, ...] = (
    Seed(
        "metrics",
        (
            _filled("metric_id"),
            _filled("metric_name"),
            _filled("metric_kind", "text", "leading", "lagging"),
            _filled("unit", "text", "count", "money", "ratio", "days"),
            _filled("aggregation", "text", "count", "sum", "ratio", "mean"),
            SeedColumn("event_type"),
            SeedColumn("numerator_metric_id"),
            SeedColumn("denominator_metric_id"),
            _filled("is_higher_better", "boolean"),
            _filled("sort_order", "integer"),
            _filled("description"),
        ),
        ("metric_id",),
    ),
    Seed(
        "event_rules",
        (
            _filled("event_type"),
            _filled(
                "source_table",
                "text",
                "activities",
                "opportunities",
                "opportunity_stage_changes",
                "leads",
            ),
            SeedColumn("activity_type"),
            SeedColumn("direction"),
            SeedColumn("outcome"),
            SeedColumn("min_duration_seconds", "number"),
            _filled("credited_to", "text", "rep"),
        ),
        (
            "event_type",
            "source_table",
            "activity_type",
            "direction",
            "outcome",
            "min_duration_seconds",
        ),
    ),
    Seed(
        "scorecard_metrics",
        (
            _filled("role"),
            SeedColumn("tier"),
            _filled("metric_id"),
            _filled("metric_kind", "text", "leading", "lagging"),
            _filled("weight", "number"),
            _filled("sort_order", "integer"),
        ),
        ("role", "tier", "metric_id"),
    ),
    Seed(
        "goals",
        (
            _filled("goal_id"),
            _filled("scope", "text", "rep", "team", "role", "region", "org"),
            SeedColumn("scope_value"),
            SeedColumn("tier"),
            _filled("metric_id"),
            _filled("period", "text", "day", "week", "month", "quarter", "year"),
            _filled("goal", "number"),
            _filled("timing", "text", "redistribute", "relieve"),
            SeedColumn("valid_from", "date"),
            SeedColumn("valid_to", "date"),
        ),
        ("goal_id",),
    ),
    Seed(
        "performance_levels",
        (
            SeedColumn("metric_id"),
            SeedColumn("role"),
            _filled("level", "text", "outstanding", "on_track", "needs_intervention"),
            _filled("min_attainment", "number"),
            _filled("rank", "integer"),
        ),
        ("metric_id", "role", "level"),
    ),
    Seed(
        "seasonal_adjustments",
        (
            _filled("adjustment_id"),
            SeedColumn("metric_id"),
            SeedColumn("role"),
            SeedColumn("region"),
            _filled("from_month_day", "month_day"),
            _filled("to_month_day", "month_day"),
            SeedColumn("valid_from_year", "integer"),
            SeedColumn("valid_to_year", "integer"),
            _filled("factor", "number"),
            _filled("reason"),
        ),
        ("adjustment_id",),
    ),
    Seed(
        "ramp_curves",
        (
            _filled("role"),
            _filled("month_of_tenure", "integer"),
            _filled("ramp_ratio", "number"),
        ),
        ("role", "month_of_tenure"),
    ),
    Seed(
        "calendars",
        (
            _filled("calendar"),
            SeedColumn("country"),
            SeedColumn("subdivision"),
            _filled("working_weekdays"),
        ),
        ("calendar",),
    ),
    Seed(
        "custom_holidays",
        (
            SeedColumn("calendar"),
            _filled("holiday_date", "date"),
            _filled("holiday_name"),
        ),
        ("calendar", "holiday_date"),
    ),
    Seed("company_settings", (_filled("setting"), _filled("value")), ("setting",)),
    Seed(
        "exchange_rates",
        (_filled("currency"), _filled("valid_from", "date"), _filled("rate", "number")),
        ("currency", "valid_from"),
    ),
    Seed(
        "funnels",
        (_filled("role"), _filled("step", "integer"), _filled("metric_id")),
        ("role", "metric_id"),
        optional=True,
    ),
    Seed(
        "revenue_targets",
        (
            _filled("role"),
            SeedColumn("fiscal_year", "integer"),
            _filled("revenue_target", "number"),
        ),
        ("role", "fiscal_year"),
        optional=True,
    ),
    Seed(
        "industry_benchmarks",
        (
            _filled("metric_id"),
            SeedColumn("role"),
            _filled("value", "number"),
            _filled("numerator"),
            _filled("denominator"),
            _filled("population"),
            SeedColumn("sample_size", "integer"),
            _filled("year", "integer"),
            _filled("source"),
            SeedColumn("source_url"),
            _filled("is_verified", "boolean"),
        ),
        ("metric_id", "role"),
        optional=True,
    ),
    _lead_rules("icp_rules", COMPANY_ATTRIBUTES),
    Seed(
        "rep_aliases",
        (
            _filled("source", "text", *(name for name in SOURCES if name != "files")),
            _filled("source_rep_id"),
            _filled("rep_id"),
        ),
        ("source", "source_rep_id"),
        optional=True,
    ),
    _lead_rules("lead_score_rules", LEAD_ATTRIBUTES),
)


@dataclass(frozen=True)
class PolicyProblem:
    """Something wrong (or, as a warning, doubtful) in a policy file, and what to do about it."""

    severity: Severity
    file: str
    line: int | None
    column: str | None
    value: str | None
    message: str
    remedy: str

    def __str__(self) -> str:
        """`seeds/demo/goals.csv line 7: what is wrong -> what to do`."""
        place = self.file if self.line is None else f"{self.file} line {self.line}"
        return f"{place}: {self.message} -> {self.remedy}"


@dataclass(frozen=True)
class PolicyRow:
    """A row of a policy file and the line it starts on. An empty cell is ''."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The text of a cell."""
        return self.cells[column]


@dataclass
class Policy:
    """The policy files as text. `problems`: what made a file unreadable; its rows are missing."""

    folder: str
    tables: dict[str, list[PolicyRow]] = field(default_factory=dict)
    problems: list[PolicyProblem] = field(default_factory=list)

    def file(self, seed: str) -> str:
        """The name of a policy file as messages show it."""
        return f"{self.folder}/{seed}.csv"

    def rows(self, seed: str) -> list[PolicyRow]:
        """The rows of a policy file; none when it cannot be read."""
        return self.tables.get(seed, [])

    def setting(self, name: str) -> str:
        """A company setting; '' when it is not set."""
        values = {row["setting"]: row["value"] for row in self.rows("company_settings")}
        return values.get(name, "")

    def values(self, seed: str, column: str) -> set[str]:
        """The distinct filled values of a column."""
        return {row[column] for row in self.rows(seed)} - {""}

    def error(
        self, seed: str, row: PolicyRow, column: str, message: str, remedy: str
    ) -> PolicyProblem:
        """An error in one cell."""
        return PolicyProblem(
            "error", self.file(seed), row.line, column, row[column], message, remedy
        )


def read_policy(seeds_dir: Path) -> Policy:
    """Read all policy files of a company as text. Never raises for what is in them."""
    policy = Policy(folder=f"{seeds_dir.parent.name}/{seeds_dir.name}")
    for seed in SEEDS:
        rows = _read_seed(policy, seed, seeds_dir / f"{seed.name}.csv")
        if rows is not None:
            policy.tables[seed.name] = rows
    return policy


def write_missing_files(seeds_dir: Path) -> None:
    """Give each optional policy file that is missing its header: dbt reads every file by name."""
    for seed in SEEDS:
        path = seeds_dir / f"{seed.name}.csv"
        if seed.optional and not path.exists() and seeds_dir.is_dir():
            path.write_text(f"{seed.header}\n", encoding="utf-8")


def check_policy(settings: Settings) -> list[PolicyProblem]:
    """Everything that is wrong or doubtful in the company's policy, in file and line order.

    References between files are checked once every file can be read.
    """
    policy = read_policy(settings.seeds_dir)
    problems = list(policy.problems)
    problems += _check_unknown_files(policy, settings.seeds_dir)
    for seed in SEEDS:
        if seed.name in policy.tables:
            problems += _check_cells(policy, seed)
            problems += _check_duplicate_keys(policy, seed)
    if len(policy.tables) == len(SEEDS):
        for check in _CHECKS:
            problems += check(policy)
    order = {policy.file(seed.name): number for number, seed in enumerate(SEEDS)}
    return sorted(problems, key=lambda problem: (order.get(problem.file, -1), problem.line or 0))


def require_policy(settings: Settings) -> list[PolicyProblem]:
    """The warnings of a policy that has no errors.

    Raises:
        ConfigError: all errors of the policy at once.
    """
    problems = check_policy(settings)
    errors = [str(problem) for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError("\n".join(errors))
    return problems


# ------------------------------------------------------------------ files


def _read_seed(policy: Policy, seed: Seed, path: Path) -> list[PolicyRow] | None:
    """The rows of one file; None, with the reason in `policy.problems`, when it has no table."""

    def problem(line: int | None, column: str | None, value: str | None, *texts: str) -> None:
        message, remedy = texts
        policy.problems.append(
            PolicyProblem("error", policy.file(seed.name), line, column, value, message, remedy)
        )

    names = [column.name for column in seed.columns]
    if not path.exists() and seed.optional:
        return []
    if not path.is_file():
        problem(
            None,
            None,
            None,
            "the file is missing",
            f"create it; if you have nothing to say in it, with the one line {seed.header}",
        )
        return None
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem(
            content[: error.start].count(b"\n") + 1,
            None,
            None,
            f"the file is not UTF-8 text (byte 0x{content[error.start]:02x})",
            "save it as 'CSV UTF-8'",
        )
        return None
    # newline='' leaves Windows line ends to the csv reader, which accepts them
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[PolicyRow] = []
    line = 1
    header: list[str] | None = None
    before = len(policy.problems)
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1
            if not cells:
                continue
            if header is None:
                header = cells
                for texts in _header_problems(header, names):
                    problem(start, *texts)
                if len(policy.problems) > before:
                    return None
            elif len(cells) != len(header):
                problem(
                    start,
                    None,
                    None,
                    f"the line has {len(cells)} cells, the header has {len(header)}",
                    'separate cells with commas, and put text with a comma in "quotes"',
                )
            else:
                rows.append(PolicyRow(start, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        problem(line, None, None, f"the line is not CSV ({error})", "check its quotes")
        return None
    if header is None:
        problem(1, None, None, "the file is empty", f"start it with the line {seed.header}")
        return None
    return rows


def _header_problems(
    header: list[str], names: list[str]
) -> Iterator[tuple[str | None, str | None, str, str]]:
    """What is wrong with a header: (column, value, message, remedy)."""
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            yield (
                None,
                header[0],
                f"cells are separated by {word}",
                "save it with commas (in a spreadsheet with a European locale: "
                "'CSV UTF-8 (comma separated)')",
            )
            return
    for name in names:
        if name not in header:
            yield name, None, f"column '{name}' is missing", f"the header is {','.join(names)}"
    for name, count in Counter(header).items():
        if name not in names:
            yield (
                name,
                name,
                f"column '{name}' is unknown",
                f"remove or rename it; the header is {','.join(names)}",
            )
        elif count > 1:
            yield name, name, f"column '{name}' appears {count} times", "keep one of them"


def _check_unknown_files(policy: Policy, seeds_dir: Path) -> Iterator[PolicyProblem]:
    known = {seed.name for seed in SEEDS}
    for path in sorted(seeds_dir.glob("*.csv")):
        if path.stem not in known:
            yield PolicyProblem(
                "warn",
                policy.file(path.stem),
                None,
                None,
                path.name,
                "no rule reads this file",
                f"remove it, or rename it to one of: {', '.join(sorted(known))}",
            )


# ------------------------------------------------------------------ cells


def parse_number(text: str) -> float | None:
    """A plain decimal number; None for anything else ('1,000', '5 %', 'nan')."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def parse_integer(text: str) -> int | None:
    """A whole number that every database can hold as an integer; None for anything else."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def parse_date(text: str) -> dt.date | None:
    """A day written YYYY-MM-DD; None for anything else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _is_month_day(text: str) -> bool:
    # 2000 is a leap year: 02-29 is a day of some years
    return parse_date(f"2000-{text}") is not None


# what a cell must be: the test, the words for it, how to write it
_TYPES: dict[CellType, tuple[Callable[[str], bool], str, str]] = {
    "text": (lambda text: True, "text", ""),
    "number": (
        lambda text: parse_number(text) is not None,
        "a number",
        "write a plain number, for example 1200.5",
    ),
    "integer": (
        lambda text: parse_integer(text) is not None,
        "a whole number",
        "write digits only, for example 12",
    ),
    "boolean": (
        lambda text: text.lower() in ("true", "false"),
        "true or false",
        "write true or false",
    ),
    "date": (lambda text: parse_date(text) is not None, "a date", "write it as YYYY-MM-DD"),
    "month_day": (_is_month_day, "a month and day", "write it as MM-DD, for example 12-21"),
}


def _check_cells(policy: Policy, seed: Seed) -> Iterator[PolicyProblem]:
    for row in policy.rows(seed.name):
        for column in seed.columns:
            value = row[column.name]
            found: tuple[str, str] | None = None
            is_type, words, how = _TYPES[column.type]
            if value != value.strip():
                found = f"{column.name} '{value}' has blanks around it", "remove the blanks"
            elif not value:
                if column.filled:
                    found = f"{column.name} is empty", "fill it in, or remove the line"
            elif not is_type(value):
                found = f"{column.name} '{value}' is not {words}", how
            elif column.choices and value not in column.choices:
                found = (
                    f"{column.name} '{value}' is not known",
                    f"use one of: {', '.join(column.choices)}",
                )
            if found:
                yield policy.error(seed.name, row, column.name, *found)


def _check_duplicate_keys(policy: Policy, seed: Seed) -> Iterator[PolicyProblem]:
    first: dict[tuple[str, ...], int] = {}
    for row in policy.rows(seed.name):
        key = tuple(row[column] for column in seed.key)
        if key in first:
            named = ", ".join(
                f"{column} '{row[column]}'" for column in seed.key if row[column] or len(key) == 1
            )
            yield policy.error(
                seed.name,
                row,
                seed.key[0],
                f"{named} is already on line {first[key]}",
                "remove or rename one of the two",
            )
        else:
            first[key] = row.line


# ------------------------------------------------------------------ rules


def _check_references(policy: Policy) -> Iterator[PolicyProblem]:
    """Metrics, roles, event types and calendars that a file names must exist."""
    metrics = policy.values("metrics", "metric_id")
    roles = policy.values("scorecard_metrics", "role")
    for seed in (
        "scorecard_metrics",
        "goals",
        "performance_levels",
        "seasonal_adjustments",
        "funnels",
        "industry_benchmarks",
    ):
        for row in policy.rows(seed):
            if row["metric_id"] and row["metric_id"] not in metrics:
                yield policy.error(
                    seed,
                    row,
                    "metric_id",
                    f"metric '{row['metric_id']}' is not in metrics.csv",
                    f"add it there, or use one of: {', '.join(sorted(metrics))}",
                )
    role_remedy = f"give it one in scorecard_metrics.csv, or use one of: {', '.join(sorted(roles))}"
    for seed in (
        "performance_levels",
        "seasonal_adjustments",
        "ramp_curves",
        "funnels",
        "revenue_targets",
        "industry_benchmarks",
    ):
        for row in policy.rows(seed):
            if row["role"] and row["role"] not in roles:
                yield policy.error(
                    seed, row, "role", f"role '{row['role']}' has no scorecard", role_remedy
                )
    for row in policy.rows("goals"):
        value = row["scope_value"]
        if row["scope"] == "role" and value and value not in roles:
            yield policy.error(
                "goals", row, "scope_value", f"role '{value}' has no scorecard", role_remedy
            )
    calendars = policy.values("calendars", "calendar")
    for row in policy.rows("custom_holidays"):
        if row["calendar"] and row["calendar"] not in calendars:
            yield policy.error(
                "custom_holidays",
                row,
                "calendar",
                f"calendar '{row['calendar']}' is not in calendars.csv",
                f"leave it empty for all calendars, or use one of: {', '.join(sorted(calendars))}",
            )


def _check_metrics(policy: Policy) -> Iterator[PolicyProblem]:
    """A ratio divides two additive metrics; every other metric counts or sums an event."""
    events = policy.values("event_rules", "event_type")
    aggregation = {row["metric_id"]: row["aggregation"] for row in policy.rows("metrics")}
    parts = ("numerator_metric_id", "denominator_metric_id")
    for row in policy.rows("metrics"):
        metric = row["metric_id"]
        if row["aggregation"] == "ratio":
            for column in parts:
                part = row[column]
                if not part:
                    message = f"ratio '{metric}' has no {column}"
                    remedy = "name the metric to divide (or divide by)"
                elif part not in aggregation:
                    message = f"{column} '{part}' of ratio '{metric}' is not a metric"
                    remedy = "add it to metrics.csv, or name another"
                elif aggregation[part] not in ADDITIVE:
                    message = f"{column} '{part}' of ratio '{metric}' is a {aggregation[part]}"
                    remedy = "a ratio divides metrics that are a count or a sum"
                else:
                    continue
                yield policy.error("metrics", row, column, message, remedy)
            if row["event_type"]:
                yield policy.error(
                    "metrics",
                    row,
                    "event_type",
                    f"ratio '{metric}' has event type '{row['event_type']}'",
                    "leave it empty: a ratio divides two other metrics",
                )
        elif row["aggregation"] in (*ADDITIVE, "mean"):
            for column in parts:
                if row[column]:
                    yield policy.error(
                        "metrics",
                        row,
                        column,
                        f"{column} '{row[column]}' is only for ratios",
                        "leave it empty, or set the aggregation to ratio",
                    )
            if row["event_type"] not in events:
                yield policy.error(
                    "metrics",
                    row,
                    "event_type",
                    f"event type '{row['event_type']}' is not in event_rules.csv",
                    f"add it there, or use one of: {', '.join(sorted(events))}",
                )


# what the outcome of a record of these tables can be; other tables have outcomes of their own
_OUTCOMES = {
    "opportunities": ("created", "won", "lost", "closed"),
    "leads": ("created", "converted"),
}
_COLUMNS_OF_ACTIVITIES = ("activity_type", "direction", "min_duration_seconds")


def _check_event_rules(policy: Policy) -> Iterator[PolicyProblem]:
    for row in policy.rows("event_rules"):
        source, outcome = row["source_table"], row["outcome"]
        if source in _OUTCOMES and outcome.lower() not in _OUTCOMES[source]:
            yield policy.error(
                "event_rules",
                row,
                "outcome",
                f"outcome '{outcome}' is not known for {source}",
                f"use one of: {', '.join(_OUTCOMES[source])}",
            )
        for column in _COLUMNS_OF_ACTIVITIES:
            # the activity_type of an opportunity is its opportunity_type
            known = source == "activities" or (source, column) == ("opportunities", "activity_type")
            if row[column] and not known:
                yield policy.error(
                    "event_rules",
                    row,
                    column,
                    f"{column} '{row[column]}' is not known for {source}",
                    "leave it empty",
                )
        seconds = parse_number(row["min_duration_seconds"])
        if seconds is not None and seconds < 0:
            yield policy.error(
                "event_rules",
                row,
                "min_duration_seconds",
                f"min_duration_seconds '{row['min_duration_seconds']}' is negative",
                "write 0 or more, or leave it empty",
            )


def _check_event_rule_overlaps(policy: Policy) -> Iterator[PolicyProblem]:
    """Outside activities, where each record is matched once, no record may fit two rules."""
    groups: dict[tuple[str, str], list[PolicyRow]] = defaultdict(list)
    for row in policy.rows("event_rules"):
        if row["source_table"] != "activities":
            groups[(row["event_type"], row["source_table"])].append(row)
    for rows in groups.values():
        for number, later in enumerate(rows):
            for earlier in rows[:number]:
                if _share_records(earlier, later):
                    yield policy.error(
                        "event_rules",
                        later,
                        "outcome",
                        f"a record would be event '{later['event_type']}' twice: by this line and "
                        f"by line {earlier.line}",
                        "remove one of them, or give one another event_type",
                    )


def _share_records(one: PolicyRow, other: PolicyRow) -> bool:
    types = {one["activity_type"].lower(), other["activity_type"].lower()}
    outcomes = {one["outcome"].lower(), other["outcome"].lower()}
    same_type = len(types) == 1 or "" in types
    # every won and every lost deal is also a closed one
    closed = "closed" in outcomes and bool(outcomes & {"won", "lost"})
    return same_type and (len(outcomes) == 1 or "" in outcomes or closed)


def _check_measures(policy: Policy) -> Iterator[PolicyProblem]:
    """A sum or a mean needs something to add up: deals have amounts and days, calls a duration."""
    sources: dict[str, set[str]] = defaultdict(set)
    for row in policy.rows("event_rules"):
        sources[row["event_type"]].add(row["source_table"])
    for row in policy.rows("metrics"):
        if row["aggregation"] not in ("sum", "mean"):
            continue
        allowed = {"opportunities"}
        if row["unit"] not in ("money", "days"):
            allowed.add("activities")
        for source in sorted(sources[row["event_type"]] - allowed):
            yield policy.error(
                "metrics",
                row,
                "aggregation",
                f"a {row['aggregation']} of {row['unit']} cannot be taken from {source}, where "
                f"event type '{row['event_type']}' comes from",
                "set the aggregation to count, or use an event of opportunities",
            )


def _check_positive(policy: Policy) -> Iterator[PolicyProblem]:
    for seed, column in (
        ("goals", "goal"),
        ("scorecard_metrics", "weight"),
        ("seasonal_adjustments", "factor"),
        ("exchange_rates", "rate"),
        ("ramp_curves", "month_of_tenure"),
        ("revenue_targets", "revenue_target"),
    ):
        for row in policy.rows(seed):
            number = parse_number(row[column])
            if number is not None and number <= 0:
                yield policy.error(
                    seed,
                    row,
                    column,
                    f"{column} '{row[column]}' is not greater than 0",
                    "write a number above 0, or remove the line",
                )
    for seed, column in (("ramp_curves", "ramp_ratio"), ("performance_levels", "min_attainment")):
        for row in policy.rows(seed):
            number = parse_number(row[column])
            if number is not None and number < 0:
                yield policy.error(
                    seed, row, column, f"{column} '{row[column]}' is negative", "write 0 or more"
                )


def _check_goals(policy: Policy) -> Iterator[PolicyProblem]:
    units = {row["metric_id"]: row["unit"] for row in policy.rows("metrics")}
    for row in policy.rows("goals"):
        if row["scope"] == "org" and row["scope_value"]:
            yield policy.error(
                "goals",
                row,
                "scope_value",
                f"scope org has scope_value '{row['scope_value']}'",
                "leave it empty: org means every rep",
            )
        if row["scope"] not in ("org", "") and not row["scope_value"]:
            yield policy.error(
                "goals",
                row,
                "scope_value",
                f"scope_value is empty for scope '{row['scope']}'",
                f"name the {row['scope']}, or use scope org for every rep",
            )
        start, end = parse_date(row["valid_from"]), parse_date(row["valid_to"])
        if start and end and start >= end:
            yield policy.error(
                "goals",
                row,
                "valid_to",
                f"valid_to '{row['valid_to']}' is not after valid_from '{row['valid_from']}'",
                "valid_to is the first day on which the goal no longer holds",
            )
        goal = parse_number(row["goal"])
        if units.get(row["metric_id"]) == "ratio" and goal is not None and goal > 1:
            yield PolicyProblem(
                "warn",
                policy.file("goals"),
                row.line,
                "goal",
                row["goal"],
                f"goal {row['goal']} of the ratio '{row['metric_id']}' is more than 100 %",
                "write 25 % as 0.25",
            )


def _check_goal_overlaps(policy: Policy) -> Iterator[PolicyProblem]:
    """No two goals of one rank may hold for one rep on one day."""
    groups: dict[tuple[str, ...], list[PolicyRow]] = defaultdict(list)
    for row in policy.rows("goals"):
        groups[(row["scope"], row["scope_value"], row["metric_id"])].append(row)
    for rows in groups.values():
        for number, later in enumerate(rows):
            for earlier in rows[:number]:
                if _same_rank(earlier, later) and _overlap(earlier, later):
                    yield policy.error(
                        "goals",
                        later,
                        "goal_id",
                        f"goal '{later['goal_id']}' holds on the same days, for the same "
                        f"{later['scope']} {later['scope_value']}".rstrip()
                        + f" and metric '{later['metric_id']}', as goal '{earlier['goal_id']}' "
                        f"on line {earlier.line}",
                        "end one where the other starts (valid_to is the first day that no "
                        "longer counts), or remove one",
                    )


def _same_rank(one: PolicyRow, other: PolicyRow) -> bool:
    if one["tier"] == other["tier"]:
        return True
    # role + tier outranks role alone; in every other scope the tier only narrows who is meant
    return one["scope"] != "role" and "" in (one["tier"], other["tier"])


def _overlap(one: PolicyRow, other: PolicyRow) -> bool:
    def starts(row: PolicyRow) -> dt.date:
        return parse_date(row["valid_from"]) or dt.date.min

    def ends(row: PolicyRow) -> dt.date:
        return parse_date(row["valid_to"]) or dt.date.max

    return starts(one) < ends(other) and starts(other) < ends(one)


def _check_levels(policy: Policy) -> Iterator[PolicyProblem]:
    """Each table of levels covers every attainment from 0 up, each edge once, ranks downwards."""
    groups: dict[tuple[str, str], list[PolicyRow]] = {("", ""): []}
    for row in policy.rows("performance_levels"):
        groups.setdefault((row["metric_id"], row["role"]), []).append(row)
    for (metric, role), rows in groups.items():
        named = " and ".join(
            text for text in (metric and f"metric '{metric}'", role and f"role '{role}'") if text
        )
        table = f"the levels of {named}" if named else "the default levels (no metric, no role)"
        edges = [
            (edge, row) for row in rows if (edge := parse_number(row["min_attainment"])) is not None
        ]
        if len(edges) < len(rows):
            continue  # a wrong cell, reported as such
        if not any(edge == 0 for edge, _ in edges):
            yield PolicyProblem(
                "error",
                policy.file("performance_levels"),
                rows[0].line if rows else None,
                "min_attainment",
                None,
                f"{table} have no edge 0",
                "add the lowest level with min_attainment 0",
            )
        edges.sort(key=lambda pair: -pair[0])
        for (high, above), (low, row) in pairwise(edges):
            if high == low:
                yield policy.error(
                    "performance_levels",
                    row,
                    "min_attainment",
                    f"{table} have the edge {row['min_attainment']} also on line {above.line}",
                    "give each level its own lower edge",
                )
                continue
            rank_above, rank = parse_integer(above["rank"]), parse_integer(row["rank"])
            if rank_above is not None and rank is not None and rank_above >= rank:
                yield policy.error(
                    "performance_levels",
                    row,
                    "rank",
                    f"rank '{row['rank']}' of level '{row['level']}' does not come after rank "
                    f"'{above['rank']}' of the level above it",
                    "rank 1 is the level with the highest min_attainment, then 2, 3",
                )


def _check_calendars(policy: Policy) -> Iterator[PolicyProblem]:
    # imported here: the package takes a moment and only this check needs it
    import holidays

    for row in policy.rows("calendars"):
        if not re.fullmatch(r"[01]{7}", row["working_weekdays"]):
            yield policy.error(
                "calendars",
                row,
                "working_weekdays",
                f"working_weekdays '{row['working_weekdays']}' is not seven digits 0 or 1",
                "write Monday to Sunday, for example 1111100 (a spreadsheet drops leading "
                "zeros: format the column as text)",
            )
        elif row["working_weekdays"] == "0000000":
            yield policy.error(
                "calendars",
                row,
                "working_weekdays",
                f"calendar '{row['calendar']}' has no working day",
                "write Monday to Sunday, for example 1111100",
            )
        country, subdivision = row["country"], row["subdivision"]
        if subdivision and not country:
            yield policy.error(
                "calendars",
                row,
                "subdivision",
                f"subdivision '{subdivision}' has no country",
                "fill in the country, for example US",
            )
        if not country:
            continue
        try:
            holidays.country_holidays(country)
        except NotImplementedError:
            yield policy.error(
                "calendars",
                row,
                "country",
                f"country '{country}' is not known to the holidays package",
                "use the two letters of ISO 3166, for example US, GB, DE; or leave it empty and "
                "list the days in custom_holidays.csv",
            )
            continue
        try:
            holidays.country_holidays(country, subdiv=subdivision or None)
        except NotImplementedError:
            yield policy.error(
                "calendars",
                row,
                "subdivision",
                f"subdivision '{subdivision}' of {country} is not known to the holidays package",
                "use the ISO 3166-2 code without the country, for example CA for US-CA; or leave "
                "it empty",
            )


def _check_seasonal_adjustments(policy: Policy) -> Iterator[PolicyProblem]:
    for row in policy.rows("seasonal_adjustments"):
        first, last = parse_integer(row["valid_from_year"]), parse_integer(row["valid_to_year"])
        if first is not None and last is not None and first > last:
            yield policy.error(
                "seasonal_adjustments",
                row,
                "valid_to_year",
                f"valid_to_year '{last}' is before valid_from_year '{first}'",
                "both years count; use the same year twice for one year",
            )


def _is_time_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # not found, not a key, a folder of the database
        return False
    return True


def _is_currency(text: str) -> bool:
    return re.fullmatch(r"[A-Z]{3}", text) is not None


def _between(low: float, high: float = float("inf")) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        number = parse_number(text)
        return number is not None and low <= number <= high

    return holds


def _whole_between(low: int, high: int) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        number = parse_integer(text)
        return number is not None and low <= number <= high

    return holds


def listed(text: str) -> list[str]:
    """The values of a cell that lists several: `Medical | Rail`."""
    return [value.strip() for value in text.split("|")]


def _is_list(text: str) -> bool:
    return all(listed(text)) and len(listed(text)) <= MAX_LISTED


# what data signals compare, and from when on they speak
_SIGNAL_SETTINGS: dict[str, tuple[Callable[[str], bool], str]] = {
    "signal_capture_days": (_whole_between(1, 28), "a whole number of days from 1 to 28"),
    "signal_baseline_days": (_whole_between(7, 364), "a whole number of days from 7 to 364"),
    "signal_days": (_whole_between(1, 91), "a whole number of days from 1 to 91"),
    "signal_min_records": (_between(1), "a number of records, 1 or more"),
    "signal_min_share": (_between(0, 1), "a number from 0 to 1"),
    "signal_min_ratio": (_between(1), "a number of 1 or more"),
    "signal_min_z": (_between(0), "a number, 0 or more"),
    "short_call_seconds": (_between(0), "a number of seconds, 0 or more"),
    "bulk_min_records": (_between(2), "a number of records, 2 or more"),
    "bulk_min_hours": (_between(0), "a number of hours, 0 or more"),
    "backdated_days": (_between(0), "a number of days, 0 or more"),
}

# what each setting must be, and the words for it
_SETTINGS: dict[str, tuple[Callable[[str], bool], str]] = {
    "company_name": (lambda text: bool(text), "the name shown on pages"),
    "company_time_zone": (_is_time_zone, "an IANA time zone, for example Europe/Berlin"),
    "currency": (_is_currency, "three capital letters, for example USD"),
    "fiscal_year_start_month": (_whole_between(1, 12), "a month from 1 to 12"),
    "week_start": (lambda text: text in WEEKDAYS, f"one of: {', '.join(WEEKDAYS)}"),
    "score_cap": (_between(1), "a number of 1 or more"),
    "default_calendar": (lambda text: bool(text), "a calendar of calendars.csv"),
    "history_years": (_whole_between(1, 10), "a whole number of years from 1 to 10"),
    "suspect_coverage_ratio": (_between(0, 1), "a number from 0 to 1"),
    "suspect_min_capacity_days": (_between(0), "a number of days, 0 or more"),
    "min_peers": (_whole_between(2, 1000), "a whole number from 2 to 1000"),
    "min_reached_ratio": (_between(0, 1), "a number from 0 to 1"),
    "max_reached_ratio": (_between(0, 1), "a number from 0 to 1"),
    "suggested_reached_ratio": (_between(0, 1), "a number from 0 to 1"),
    "max_scorecard_metrics": (_whole_between(1, 100), "a whole number from 1 to 100"),
    "leading_per_lagging": (_whole_between(1, 100), "a whole number from 1 to 100"),
    "lead_conversion_days": (_whole_between(1, 730), "a whole number of days from 1 to 730"),
    "lead_min_conversions": (_whole_between(10, 100_000), "a whole number, 10 or more"),
    "lead_calibration_ratio": (_between(0.1, 0.9), "a number from 0.1 to 0.9"),
    "lead_check_days": (_whole_between(28, 730), "a whole number of days from 28 to 730"),
    "lead_closed_statuses": (_is_list, f"up to {MAX_LISTED} statuses, separated by |"),
    "icp_good_points": (_between(-math.inf), "a number"),
    "icp_fair_points": (_between(-math.inf), "a number"),
    **_SIGNAL_SETTINGS,
    "focus_min_activities": (_whole_between(1, 10_000), "a whole number from 1 to 10000"),
    **{name: (_between(0), "a number, 0 or more") for name in THRESHOLDS},
}
# those that may be left out
_DEFAULTED_SETTINGS = {
    "history_years",
    "suspect_coverage_ratio",
    "suspect_min_capacity_days",
    "min_peers",
    "min_reached_ratio",
    "max_reached_ratio",
    "suggested_reached_ratio",
    "max_scorecard_metrics",
    "leading_per_lagging",
    "lead_conversion_days",
    "lead_min_conversions",
    "lead_calibration_ratio",
    "lead_check_days",
    "lead_closed_statuses",
    "icp_good_points",
    "icp_fair_points",
    *_SIGNAL_SETTINGS,
    "focus_min_activities",
    *THRESHOLDS,
}


def _check_company_settings(policy: Policy) -> Iterator[PolicyProblem]:
    seed = "company_settings"
    calendars = policy.values("calendars", "calendar")
    for row in policy.rows(seed):
        name, value = row["setting"], row["value"]
        if name not in _SETTINGS:
            yield policy.error(
                seed,
                row,
                "setting",
                f"setting '{name}' is not known",
                f"use one of: {', '.join(_SETTINGS)}",
            )
            continue
        holds, words = _SETTINGS[name]
        if not holds(value):
            yield policy.error(
                seed, row, "value", f"{name} '{value}' is not valid", f"write {words}"
            )
        elif name == "default_calendar" and value not in calendars:
            yield policy.error(
                seed,
                row,
                "value",
                f"default_calendar '{value}' is not in calendars.csv",
                f"add it there, or use one of: {', '.join(sorted(calendars))}",
            )
    for name in _SETTINGS:
        if name in _DEFAULTED_SETTINGS or policy.setting(name):
            continue
        yield PolicyProblem(
            "error",
            policy.file(seed),
            None,
            "setting",
            name,
            f"setting '{name}' is missing",
            f"add the line {name},<value>: {_SETTINGS[name][1]}",
        )


def _check_exchange_rates(policy: Policy) -> Iterator[PolicyProblem]:
    for row in policy.rows("exchange_rates"):
        if row["currency"].strip() and not _is_currency(row["currency"].strip()):
            yield policy.error(
                "exchange_rates",
                row,
                "currency",
                f"currency '{row['currency']}' is not three capital letters",
                "write its ISO 4217 code, for example EUR",
            )
    currency = next(
        (row for row in policy.rows("company_settings") if row["setting"] == "currency"), None
    )
    if currency is None:
        return
    rates = [row for row in policy.rows("exchange_rates") if row["currency"] == currency["value"]]
    if not rates:
        yield policy.error(
            "company_settings",
            currency,
            "value",
            f"currency '{currency['value']}' has no rate in exchange_rates.csv",
            f"add the line {currency['value']},1900-01-01,1",
        )
    for row in rates:
        rate = parse_number(row["rate"])
        if rate is not None and rate > 0 and rate != 1:
            yield policy.error(
                "exchange_rates",
                row,
                "rate",
                f"rate '{row['rate']}' of the company's own currency {row['currency']} is not 1",
                "write 1: a rate is the value of one unit in the company's currency",
            )


def _check_funnels(policy: Policy) -> Iterator[PolicyProblem]:
    """A funnel is a chain of additive metrics, step 1, 2, 3; only its end may be money."""
    metrics = {row["metric_id"]: row for row in policy.rows("metrics")}
    funnels: dict[str, list[PolicyRow]] = defaultdict(list)
    for row in policy.rows("funnels"):
        funnels[row["role"]].append(row)
    for role, rows in funnels.items():
        steps = [(step, row) for row in rows if (step := parse_integer(row["step"])) is not None]
        if len(steps) < len(rows):
            continue  # a wrong cell, reported as such
        steps.sort(key=lambda pair: pair[0])
        last = steps[-1][0]
        expected = 1
        for number, (step, row) in enumerate(steps):
            before = steps[number - 1][0] if number else 0
            if step == before and step != 1:
                yield policy.error(
                    "funnels",
                    row,
                    "step",
                    f"step {step} of role '{role}' is already on line {steps[number - 1][1].line}",
                    "give each metric a step of its own; only step 1 may have several, which add "
                    "up (the channels that feed the funnel)",
                )
            elif step != before and step != expected:
                yield policy.error(
                    "funnels",
                    row,
                    "step",
                    f"step {step} of role '{role}' comes where step {expected} is expected",
                    "number the steps 1, 2, 3 without a gap",
                )
            expected = step + 1
            metric = metrics.get(row["metric_id"])
            if metric is None:
                continue  # reported as an unknown metric
            if metric["aggregation"] not in ADDITIVE:
                yield policy.error(
                    "funnels",
                    row,
                    "metric_id",
                    f"metric '{row['metric_id']}' is a {metric['aggregation']}",
                    "use the metric that counts the step: rates follow from two steps",
                )
            elif metric["aggregation"] == "sum" and step != last:
                yield policy.error(
                    "funnels",
                    row,
                    "metric_id",
                    f"metric '{row['metric_id']}' is a sum, which only the last step may be",
                    "use a metric that counts",
                )
            elif metric["is_higher_better"].lower() == "false":
                yield policy.error(
                    "funnels",
                    row,
                    "metric_id",
                    f"of metric '{row['metric_id']}' less is better",
                    "use what leads on to the next step",
                )
        if last > MAX_FUNNEL_STEPS or last < 2:
            row = steps[-1][1]
            yield policy.error(
                "funnels",
                row,
                "step",
                f"the funnel of role '{role}' has {last} step{'s' if last > 1 else ''}",
                f"use 2 to {MAX_FUNNEL_STEPS} steps: what a rep does, what comes of it, the result",
            )


def _check_revenue_targets(policy: Policy) -> Iterator[PolicyProblem]:
    """A revenue target is planned backwards over a funnel that ends in money."""
    units = {row["metric_id"]: row["unit"] for row in policy.rows("metrics")}
    roles = {
        row["role"] for row in policy.rows("funnels") if units.get(row["metric_id"]) == "money"
    }
    for row in policy.rows("revenue_targets"):
        if row["role"] not in roles:
            yield policy.error(
                "revenue_targets",
                row,
                "role",
                f"role '{row['role']}' has no funnel that ends in money",
                "give it one in funnels.csv, or remove the line",
            )


def _check_industry_benchmarks(policy: Policy) -> Iterator[PolicyProblem]:
    """A figure from outside says what it is: a share below 1, or so much a working day."""
    seed = "industry_benchmarks"
    metrics = {row["metric_id"]: row for row in policy.rows("metrics")}
    for row in policy.rows(seed):
        metric, value = metrics.get(row["metric_id"]), parse_number(row["value"])
        if value is not None and value < 0:
            yield policy.error(
                seed, row, "value", f"value '{row['value']}' is negative", "write 0 or more"
            )
        if metric and metric["unit"] == "ratio" and value is not None and value > 1:
            yield policy.error(
                seed,
                row,
                "value",
                f"value '{row['value']}' of the ratio '{row['metric_id']}' is more than 100 %",
                "write 25 % as 0.25",
            )
        if (
            metric
            and metric["aggregation"] in ADDITIVE
            and row["denominator"] not in (PER_WORKING_DAY, "")
        ):
            yield policy.error(
                seed,
                row,
                "denominator",
                f"denominator '{row['denominator']}' of '{row['metric_id']}', which adds up, is "
                f"not '{PER_WORKING_DAY}'",
                "state the value per working day of a full-time rep: divide a weekly figure by the "
                f"working days of a week, and write {PER_WORKING_DAY}",
            )
        year = parse_integer(row["year"])
        if year is not None and not 1900 <= year <= 2100:
            yield policy.error(
                seed, row, "year", f"year '{row['year']}' is no year", "write it as 2025"
            )
        size = parse_integer(row["sample_size"])
        if size is not None and size < 1:
            yield policy.error(
                seed,
                row,
                "sample_size",
                f"sample_size '{row['sample_size']}' is below 1",
                "write how many were asked, or leave it empty if the source does not say",
            )
        if row["is_verified"].lower() == "true" and not row["source_url"]:
            yield policy.error(
                seed,
                row,
                "source_url",
                "source_url is empty, but the figure is marked as verified",
                "say where anybody can check it, or write is_verified false",
            )


def _check_lead_rules(policy: Policy) -> Iterator[PolicyProblem]:
    """An operator fits its attribute, and a value its operator."""
    for seed in ("icp_rules", "lead_score_rules"):
        for row in policy.rows(seed):
            for column, message, remedy in _lead_rule_problems(row):
                yield policy.error(seed, row, column, message, remedy)
    edges = {
        row["setting"]: (edge, row)
        for row in policy.rows("company_settings")
        if row["setting"] in ("icp_good_points", "icp_fair_points")
        and (edge := parse_number(row["value"])) is not None
    }
    if len(edges) == 1:
        (name, (_, row)) = next(iter(edges.items()))
        other = "icp_fair_points" if name == "icp_good_points" else "icp_good_points"
        yield policy.error(
            "company_settings",
            row,
            "setting",
            f"{name} is set and {other} is not",
            f"add the line {other},<points>: an account fits well from the one, fairly from the "
            "other on",
        )
    elif edges and edges["icp_good_points"][0] <= edges["icp_fair_points"][0]:
        yield policy.error(
            "company_settings",
            edges["icp_good_points"][1],
            "value",
            f"icp_good_points '{edges['icp_good_points'][1]['value']}' is not above "
            f"icp_fair_points '{edges['icp_fair_points'][1]['value']}'",
            "a good fit asks for more points than a fair one",
        )


def _lead_rule_problems(row: PolicyRow) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one rule: (column, message, remedy)."""
    attribute, operator, value = row["attribute"], row["operator"], row["value"]
    if attribute not in LEAD_ATTRIBUTES or operator not in (
        *TEXT_OPERATORS,
        *NUMBER_OPERATORS,
        "is_blank",
    ):
        return  # reported as an unknown value
    if operator == "is_blank":
        if value:
            yield "value", f"value '{value}' is not for operator is_blank", "leave it empty"
    elif operator in NUMBER_OPERATORS and attribute not in NUMBER_ATTRIBUTES:
        yield (
            "operator",
            f"operator '{operator}' compares numbers, and {attribute} is text",
            f"use one of: {', '.join((*TEXT_OPERATORS, 'is_blank'))}",
        )
    elif operator in TEXT_OPERATORS and attribute in NUMBER_ATTRIBUTES:
        yield (
            "operator",
            f"operator '{operator}' compares text, and {attribute} is a number",
            f"use one of: {', '.join((*NUMBER_OPERATORS, 'is_blank'))}",
        )
    elif not value:
        yield "value", "value is empty", "fill it in, or use the operator is_blank"
    elif operator in NUMBER_OPERATORS and parse_number(value) is None:
        yield "value", f"value '{value}' is not a number", "write a plain number, for example 250"
    elif operator == "in" and not _is_list(value):
        yield (
            "value",
            f"value '{value}' is not a list of 1 to {MAX_LISTED} values",
            "separate them by |, for example Medical|Rail",
        )
    elif operator == "contains" and ("%" in value or "_" in value):
        yield "value", f"value '{value}' has a % or _ in it", "leave those characters out"


def _check_scorecards(policy: Policy) -> Iterator[PolicyProblem]:
    """Warnings: a scorecard should be short, and most of it lead."""
    seed = "scorecard_metrics"
    most = parse_integer(policy.setting("max_scorecard_metrics")) or DEFAULT_MAX_SCORECARD_METRICS
    per_lagging = (
        parse_integer(policy.setting("leading_per_lagging")) or DEFAULT_LEADING_PER_LAGGING
    )
    rows_of_role: dict[str, list[PolicyRow]] = defaultdict(list)
    for row in policy.rows(seed):
        rows_of_role[row["role"]].append(row)
    for role, rows in rows_of_role.items():
        for tier in sorted({row["tier"] for row in rows}):
            # a row without a tier counts for every tier; the tier's own row wins
            kinds = {row["metric_id"]: row["metric_kind"] for row in rows if not row["tier"]}
            own = [row for row in rows if row["tier"] == tier]
            kinds.update({row["metric_id"]: row["metric_kind"] for row in own})
            named = f"the scorecard of role '{role}'" + (f", tier '{tier}'" if tier else "")
            leading = sum(kind == "leading" for kind in kinds.values())
            lagging = sum(kind == "lagging" for kind in kinds.values())

            def warning(message: str, remedy: str, row: PolicyRow = own[0]) -> PolicyProblem:
                return PolicyProblem(
                    "warn", policy.file(seed), row.line, "role", row["role"], message, remedy
                )

            if len(kinds) > most:
                yield warning(
                    f"{named} has {len(kinds)} metrics",
                    f"keep the {most} that matter: more are not read",
                )
            if leading != per_lagging * lagging:
                yield warning(
                    f"{named} has {leading} leading and {lagging} lagging metrics",
                    f"aim at {per_lagging} leading for each lagging: what a rep can act on, then "
                    "the result",
                )


_CHECKS: tuple[Callable[[Policy], Iterable[PolicyProblem]], ...] = (
    _check_references,
    _check_metrics,
    _check_event_rules,
    _check_event_rule_overlaps,
    _check_measures,
    _check_positive,
    _check_goals,
    _check_goal_overlaps,
    _check_levels,
    _check_calendars,
    _check_seasonal_adjustments,
    _check_company_settings,
    _check_exchange_rates,
    _check_funnels,
    _check_revenue_targets,
    _check_industry_benchmarks,
    _check_lead_rules,
    _check_scorecards,
)
