"""What is wrong with the cells of a file: found in SQL, then said by line, value and remedy."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import available_timezones

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.sql import render_sql
from orchestration.core.text import shortened
from orchestration.policy.cells import LARGEST_NUMBER
from orchestration.sources.canonical import Column, Table
from orchestration.sources.files.formats import FileSource, numbered
from orchestration.sources.shared.load import (
    Problem,
)
from orchestration.warehouse.connection import quote

SHOWN_KINDS = 20
SHOWN_VALUES = 4

# tables whose rep_id must be one of reps; of records, a finding says so, for a CRM has such too
OF_REPS = ("time_off", "interventions")

# tables in which one day must not be before another
ORDERED_DAYS = {
    "time_off": ("start_date", "end_date"),
    "interventions": ("agreed_date", "due_date"),
}

# the rep that stands for records without an owner
UNASSIGNED = "unassigned"

SPLIT_TOLERANCE = 1e-6

# bytes; what a cell of Excel holds
LONGEST_CELL = 32_767

# a day, with a time and an offset or without: DuckDB also takes `epoch`, `10:00 PST` and `+99:00`
FORM = (
    r"\d{4}[-/ ]\d{1,2}[-/ ]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
    r"(Z| UTC|[+-](0\d|1[0-4])(:?[0-5]\d(:?[0-5]\d)?)?)?)?"
)

RANGES = {
    ("reps", "fte"): ("> 0", "<= 1", "above 0 and at most 1"),
    ("time_off", "fraction"): ("> 0", "<= 1", "above 0 and at most 1"),
    ("accounts", "fiscal_year_end_month"): (">= 1", "<= 12", "a month from 1 to 12"),
}


def check_columns(table: Table, source: FileSource) -> list[str]:
    """Warnings about columns that are not read.

    Raises:
        InputError: a required column is missing.
    """
    names = [name for column in table.columns for name in (column.name, column.day_column)]
    missing = [
        " or ".join(filter(None, (column.name, column.day_column)))
        for column in table.columns
        if column.required and not {column.name, column.day_column} & set(source.expressions)
    ]
    if missing:
        raise InputError(
            f"{source.path} line 1: required column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)} missing (found: {', '.join(source.expressions)}). Add "
            f"{'them' if len(missing) > 1 else 'it'}, or map the file with {table.name}.sql; "
            "see docs/files-connector.md."
        )
    extra = [name for name in source.expressions if name not in names]
    if not extra:
        return []
    return [f"{source.path.name}: columns that are not read: {shortened(', '.join(extra), 500)}"]


def normalised(column: Column, expression: str, time_zone: str = "UTC") -> str:
    """The cell as raw tables write it; a text that is no such value stays what it is.

    A day without a time stays a day where a moment is asked. A moment where a day is asked becomes
    the day of it in `time_zone`; midnight without a zone is a day typed as a time.
    """
    text = f"nullif(trim({expression}), '')"
    formed = f"case when regexp_full_match({text}, {quote(FORM)}) then {text} end"
    day = f"cast(try_cast({formed} as date) as varchar)"
    if column.type == "timestamp":
        moment = f"cast(make_timestamp(epoch_us(try_cast({formed} as timestamptz))) as varchar)"
        # most exports write UTC as raw tables do: leaving those as they are saves half the time
        return (
            f"case when {expression} like '____-__-__T__:__:__Z' then {expression}"
            f" when not contains({text}, ':') then coalesce({day}, {text})"
            f" else coalesce(replace({moment}, ' ', 'T') || 'Z', {text}) end"
        )
    if column.type == "date":
        moment = f"try_cast({formed} as timestamptz)"
        return (
            f"case when not contains({text}, ':')"
            f" or regexp_full_match({text}, '\\S+[T ]00:00(:00(\\.0+)?)?')"
            f" then coalesce({day}, {text})"
            f" else coalesce(cast(cast(timezone({quote(time_zone)}, {moment}) as date) as varchar),"
            f" {text}) end"
        )
    if column.type == "boolean":
        return (
            f"case when lower({text}) in ('true', 't', 'yes', 'y', '1') then 'true'"
            f" when lower({text}) in ('false', 'f', 'no', 'n', '0') then 'false' else {text} end"
        )
    return text


# per type: when a normalised cell is bad, and what to say
BAD = {
    "number": (
        "(try_cast({0} as double) is null or not isfinite(try_cast({0} as double))"
        f" or contains({{0}}, '_') or abs(try_cast({{0}} as double)) > {LARGEST_NUMBER})",
        "is not a number; write 1234.5, without currency or thousands separators, at most 1e15",
    ),
    "integer": (
        "(try_cast({0} as double) is null or not isfinite(try_cast({0} as double))"
        " or try_cast({0} as double) <> floor(try_cast({0} as double))"
        f" or abs(try_cast({{0}} as double)) > {LARGEST_NUMBER})",
        "is not a whole number",
    ),
    "boolean": ("({0} not in ('true', 'false'))", "is not true or false"),
    "date": (
        "(not coalesce({0} like '____-__-__' and try_cast({0} as date)"
        " between date '1900-01-01' and date '2199-12-31', false))",
        "is not a date from 1900 to 2199; write YYYY-MM-DD",
    ),
    "timestamp": (
        "(not coalesce(({0} like '____-__-__T%Z' or {0} like '____-__-__')"
        " and try_cast({0} as timestamptz)"
        " between timestamptz '1900-01-01 00:00:00Z' and timestamptz '2199-12-31 23:59:59Z',"
        " false))",
        "is not a time from 1900 to 2199; write YYYY-MM-DDTHH:MM:SSZ (or with an offset)",
    ),
}


def _cell_checks(table: Table, calendars: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Column, condition of a bad cell, reason."""
    for column in table.columns:
        if column.type == "text":
            yield (
                column.name,
                f"strlen({column.name}) > {LONGEST_CELL}",
                f"is longer than {LONGEST_CELL:,} bytes; shorten it",
            )
        if column.required and not column.nullable:
            needed = f"{column.name} or {column.day_column}" if column.day_column else "it"
            yield column.name, f"{column.name} is null", f"is empty; every row needs {needed}"
        if column.type in BAD:
            condition, reason = BAD[column.type]
            bad = condition.format(column.name)
            yield column.name, f"({column.name} is not null and {bad})", reason
        if (table.name, column.name) in RANGES:
            low, high, allowed = RANGES[table.name, column.name]
            number = f"try_cast({column.name} as double)"
            yield (
                column.name,
                f"(not ({number} {low} and {number} {high}))",
                f"is out of range: it must be {allowed}",
            )
    if table.name == "reps":
        yield (
            "rep_id",
            f"rep_id = '{UNASSIGNED}'",
            "is the id under which records without a rep are counted; give the rep another one",
        )
        yield (
            "calendar",
            f"(calendar not in ({', '.join(map(quote, calendars)) or 'null'}))",
            "is not in calendars.csv; add it there, or use one of: "
            + (", ".join(calendars) or "none yet"),
        )
        yield (
            "time_zone",
            f"(time_zone not in ({', '.join(map(quote, sorted(available_timezones())))}))",
            "is not a time zone of the tz database; write an IANA name, for example "
            "America/New_York",
        )
    if table.name in ORDERED_DAYS:
        first, last = ORDERED_DAYS[table.name]
        yield (
            last,
            f"(try_cast({last} as date) < try_cast({first} as date))",
            f"is before {first}; swap them or correct one",
        )


def find_problems(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    path: Path,
    *,
    reps: Path | None,
    metric_ids: Sequence[str],
    calendars: Sequence[str],
    quarantine: bool,
) -> None:
    """Fill the table `problems` with every bad cell of the staged file."""
    con.execute(
        "create or replace temp table problems"
        " (row bigint, column_name varchar, value varchar, reason varchar)"
    )
    checks = list(_cell_checks(table, calendars))
    counts = con.execute(
        f"select {', '.join(f'count(*) filter ({check[1]})' for check in checks)}"
        f" from {quote(path)}"
    ).fetchall()[0]
    for (column, condition, reason), count in zip(checks, counts, strict=True):
        if count:
            con.execute(
                f"insert into problems select file_row_number, ?, {column}, ?"
                f" from {numbered(path)} where {condition}",
                [column, reason],
            )
    find_duplicates(con, table, path)
    if table.name in OF_REPS and reps is not None:
        _add(con, "unknown_reps", numbered=numbered(path), reps=quote(reps))
    if table.name == "opportunity_splits":
        find_unequal_splits(con, path, quarantine)
    if table.name == "interventions":
        unknown = render_sql(__package__, "unknown_metrics", numbered=numbered(path))
        con.execute(f"insert into problems {unknown}", [metric_ids])


def find_duplicates(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> None:
    """Add rows of one key to `problems`."""
    keys = ", ".join(table.key)
    repeated = f"select {keys} from {quote(path)} group by {keys} having count(*) > 1"
    if not con.execute(f"{repeated} limit 1").fetchall():
        return
    same = " and ".join(f"records.{name} is not distinct from twice.{name}" for name in table.key)
    value = " || ', ' || ".join(f"coalesce(records.{name}, '(empty)')" for name in table.key)
    incomplete = [
        f"records.{name} is null" for name in table.key if not table.column(name).nullable
    ]
    _add(
        con,
        "duplicates",
        path=quote(path),
        numbered=numbered(path),
        keys=keys,
        key_name=" + ".join(table.key),
        key_text=value,
        same_key=same,
        is_incomplete=" or ".join(incomplete) or "false",
    )


def find_unequal_splits(con: duckdb.DuckDBPyConnection, path: Path, quarantine: bool) -> None:
    """Splits must sum to 1 per deal; without the bad rows if those are set aside."""
    if con.execute("select 1 from problems limit 1").fetchall() and not quarantine:
        return  # what is wrong with the rows comes first
    _add(con, "unequal_splits", numbered=numbered(path), tolerance=SPLIT_TOLERANCE)


def _add(con: duckdb.DuckDBPyConnection, query: str, **values: object) -> None:
    """Add what a query of `sql/` finds to `problems`."""
    con.execute(f"insert into problems {render_sql(__package__, query, **values)}")


def unknown_managers(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Warn of managers who are no reps."""
    unknown = con.execute(render_sql(__package__, "unknown_managers", path=quote(path))).fetchall()
    if not unknown:
        return []
    return [f"reps: manager_id not among the reps: {', '.join(row[0] for row in unknown)}"]


def fetch_problems(
    con: duckdb.DuckDBPyConnection, table: Table, source: FileSource
) -> list[Problem]:
    """All problems in the order of the file, with the line that an editor shows."""
    found = con.execute(
        "select row, column_name, value, reason from problems order by row, column_name"
    ).fetchall()
    lines = lines_of(source, {row for row, *_ in found})
    days = {
        column.name: column.day_column
        for column in table.columns
        if column.day_column and column.name not in source.expressions
    }
    return [
        Problem(source.path.name, lines[row], days.get(column, column), value, reason)
        for row, column, value, reason in found
    ]


def lines_of(source: FileSource, rows: set[int]) -> dict[int, int]:
    """The line (of Parquet and mappings, the number) of each row, counted from 1."""
    if source.path.suffix == ".csv":
        return _csv_lines(source, rows)
    return {row: row + 1 for row in rows}


def _csv_lines(source: FileSource, rows: set[int]) -> dict[int, int]:
    """The line on which each row starts: cells may hold line ends, and empty lines are no rows."""
    lines: dict[int, int] = {}
    if not rows:
        return lines
    last = max(rows)
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=source.delimiter)
        next(reader)
        row, start = 0, reader.line_num + 1
        for cells in reader:
            if cells or len(source.expressions) == 1:
                if row in rows:
                    lines[row] = start
                if row == last:
                    break
                row += 1
            start = reader.line_num + 1
    return lines


def describe_problems(folder: Path, problems: Sequence[Problem]) -> str:
    """The problems as text: a line per kind, with place and value of the first, and a count."""
    kinds: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.file, problem.column, problem.reason), []).append(problem)
    shown = [_describe_kind(folder, alike) for alike in list(kinds.values())[:SHOWN_KINDS]]
    if more := len(kinds) - len(shown):
        shown.append(f"… and {more:,} more kinds of errors.")
    shown.append(
        "Correct the files and refresh again, or set such rows aside with "
        "`scorecard refresh --quarantine`. Nothing was changed."
    )
    return "\n".join(shown)


def _describe_kind(folder: Path, alike: Sequence[Problem]) -> str:
    first = alike[0]
    text = (
        f"{folder / first.file} {_place(first)}: {first.column}"
        f" {'is' if first.value is None else repr(shortened(first.value))}"
        f" {first.reason.removeprefix('is ') if first.value is None else first.reason}"
    )
    if len(alike) == 1:
        return text
    values = dict.fromkeys(problem.value for problem in alike if problem.value is not None)
    others = [repr(shortened(value)) for value in values if value != first.value]
    named = ", ".join(others[: SHOWN_VALUES - 1])
    if len(others) >= SHOWN_VALUES:
        named += " …"
    return f"{text} ({len(alike):,} rows{f', also {named}' if named else ''})"


def _place(problem: Problem) -> str:
    unit = "line" if problem.file.endswith((".csv", ".jsonl")) else "row"
    return f"{unit} {problem.line}"


def count_rows(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Rows of a Parquet file."""
    return int(con.execute(f"select count(*) from {quote(path)}").fetchall()[0][0])


def count_distinct_rows(con: duckdb.DuckDBPyConnection) -> int:
    """Rows that have a problem."""
    return int(con.execute("select count(distinct row) from problems").fetchall()[0][0])
