"""Checks of single cells, as the columns declare them: form, choices, ranges, references, keys."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

from orchestration.policy.declared import CellType, Seed, SeedColumn
from orchestration.policy.reading import Policy, PolicyProblem, PolicyRow

LARGEST_NUMBER = 1e15  # beyond it a double has no cents, and products of it overflow
MAX_LISTED = 20  # values in one cell, as the macro is_listed reads them


def parse_number(text: str) -> float | None:
    """A plain decimal number; None for anything else ('1,000', '5 %', 'nan', '1e308')."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", text):
        return None
    number = float(text)
    return number if abs(number) <= LARGEST_NUMBER else None


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


# what a cell must be: the test, its description, how to write it
_TYPES: dict[CellType, tuple[Callable[[str], bool], str, str]] = {
    "text": (lambda text: True, "text", ""),
    "number": (
        lambda text: parse_number(text) is not None,
        "a number",
        "write a plain number up to 1e15, for example 1200.5",
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


def check_cells(policy: Policy, seed: Seed) -> Iterator[PolicyProblem]:
    """Check each cell against what its column declares."""
    for row in policy.rows(seed.name):
        for column in seed.columns:
            found = _cell_problem(column, row[column.name])
            if found:
                yield policy.error(seed.name, row, column.name, *found)


def _cell_problem(column: SeedColumn, value: str) -> tuple[str, str] | None:
    """What is wrong with a cell, and what to do."""
    is_type, words, how = _TYPES[column.type]
    named = f"{column.name} '{value}'"
    if value != value.strip():
        return f"{named} has blanks around it", "remove the blanks"
    if not value:
        empty = f"{column.name} is empty", "fill it in, or remove the line"
        return empty if column.filled else None
    if not is_type(value):
        return f"{named} is not {words}", how
    if column.choices and value not in column.choices:
        return f"{named} is not known", f"use one of: {', '.join(column.choices)}"
    return _range_problem(column, named, parse_number(value))


def _range_problem(column: SeedColumn, named: str, number: float | None) -> tuple[str, str] | None:
    if number is None:
        return None
    if column.above is not None and number <= column.above:
        edge = f"{column.above:g}"
        return f"{named} is not greater than {edge}", (
            f"write a number above {edge}, or remove the line"
        )
    low, high = column.at_least, column.at_most
    if low is not None and high is not None and not low <= number <= high:
        return f"{named} is not between {low:g} and {high:g}", "correct it"
    if low == 0 and number < low:
        return f"{named} is negative", "write 0 or more"
    if low is not None and number < low:
        return f"{named} is below {low:g}", f"write {low:g} or more"
    return None


def check_duplicate_keys(policy: Policy, seed: Seed) -> Iterator[PolicyProblem]:
    """No two rows of a file may have the same key."""
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


def check_references(policy: Policy, seed: Seed) -> Iterator[PolicyProblem]:
    """What a cell names must stand in the file that its column refers to."""
    for column in seed.columns:
        if not column.references:
            continue
        known = policy.values(column.references, column.name)
        for row in policy.rows(seed.name):
            if row[column.name] and row[column.name] not in known:
                message, remedy = unknown_reference(column.references, column.name, row, known)
                yield policy.error(seed.name, row, column.name, message, remedy)


def unknown_reference(
    file: str, column: str, row: PolicyRow, known: set[str], cell: str = ""
) -> tuple[str, str]:
    """Message and remedy for a cell (`cell`, else `column`) that names nothing in `file`."""
    named = f"{column.removesuffix('_id')} '{row[cell or column]}'"
    others = f"or use one of: {', '.join(sorted(known))}"
    if file == "scorecard_metrics":
        return f"{named} has no scorecard", f"give it one in {file}.csv, {others}"
    return f"{named} is not in {file}.csv", f"add it there, {others}"


def is_currency(text: str) -> bool:
    """Whether the text has the form of a currency code."""
    return re.fullmatch(r"[A-Z]{3}", text) is not None


def listed(text: str) -> list[str]:
    """The values of a cell that lists several: `Medical | Rail`."""
    return [value.strip() for value in text.split("|")]


def is_list(text: str) -> bool:
    """Whether a cell lists values as the macro is_listed reads them."""
    return all(listed(text)) and len(listed(text)) <= MAX_LISTED
