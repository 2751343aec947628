"""The company's policy (`dbt_project/seeds/<company>/*.csv`): reading and checking it.

`check_policy` runs before anything is built. It finds everything that is wrong at once, and says
for each finding the file, the line, the value and what to do. docs/policy.md explains the columns.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from orchestration.policy.declared import Seed, company_settings, policy_seeds

Severity = Literal["error", "warn"]


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
        """A company setting: as the company gives it, else its default, which may be ''."""
        values = {row["setting"]: row["value"] for row in self.rows("company_settings")}
        return values.get(name) or company_settings()[name].default

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
    for seed in policy_seeds():
        rows = _read_seed(policy, seed, seeds_dir / f"{seed.name}.csv")
        if rows is not None:
            policy.tables[seed.name] = rows
    return policy


# line, column, value, then message and remedy
Report = Callable[..., None]


def _read_seed(policy: Policy, seed: Seed, path: Path) -> list[PolicyRow] | None:
    """The rows of one file; None, with the reason in `policy.problems`, when it has no table."""

    def problem(line: int | None, column: str | None, value: str | None, *texts: str) -> None:
        message, remedy = texts
        policy.problems.append(
            PolicyProblem("error", policy.file(seed.name), line, column, value, message, remedy)
        )

    if not path.exists() and seed.optional:
        return []
    if not path.is_file():
        remedy = f"create it; if you have nothing to say in it, with the one line {seed.header}"
        problem(None, None, None, "the file is missing", remedy)
        return None
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"the file is not UTF-8 text (byte 0x{content[error.start]:02x})"
        problem(line, None, None, message, "save it as 'CSV UTF-8'")
        return None
    return _read_rows(text, seed, problem)


def _read_rows(text: str, seed: Seed, problem: Report) -> list[PolicyRow] | None:
    """The rows of a CSV text; None when its header or its form is wrong."""
    names = [column.name for column in seed.columns]
    # newline='' leaves Windows line ends to the csv reader, which accepts them
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[PolicyRow] = []
    line = 1
    header: list[str] | None = None
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1
            if not cells:
                continue
            if header is None:
                header = cells
                wrong = list(_header_problems(header, names))
                for texts in wrong:
                    problem(start, *texts)
                if wrong:
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


def check_unknown_files(policy: Policy, seeds_dir: Path) -> Iterator[PolicyProblem]:
    """Warn of files that no rule reads, with the likely name."""
    known = {seed.name for seed in policy_seeds()}
    for path in sorted(seeds_dir.glob("*")):
        is_table = path.suffix == ".csv"
        if (
            not path.is_file()
            or path.name.startswith((".", "~$"))
            or path.suffix in (".md", ".txt", ".yml")
            or (is_table and path.stem in known)
        ):
            continue
        how = "rename it to" if is_table else "save it as CSV UTF-8 under"
        near = get_close_matches(path.stem.lower(), sorted(known), n=1)
        likely = f"{near[0]}.csv" if near else f"one of: {', '.join(sorted(known))}"
        yield PolicyProblem(
            "warn",
            f"{policy.folder}/{path.name}",
            None,
            None,
            path.name,
            "no rule reads this file",
            f"remove it, or {how} {likely}",
        )
