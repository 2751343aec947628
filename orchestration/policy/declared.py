"""What a policy consists of, as `dbt_project/seeds/rules` declares it for dbt and for the checks.

`_seeds.yml` declares the files and their columns, `settings.csv` the settings of
`company_settings.csv` with their defaults.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from orchestration.core.environment import SOURCES
from orchestration.core.files import replace_file
from orchestration.core.settings import REPOSITORY

CellType = Literal["text", "number", "integer", "boolean", "date", "month_day"]
SettingType = Literal[
    "text", "number", "integer", "list", "time_zone", "currency", "weekday", "calendar"
]

RULES = REPOSITORY / "dbt_project" / "seeds" / "rules"
DECLARATIONS = RULES / "_seeds.yml"
SETTINGS_FILE = RULES / "settings.csv"
_TYPES: Mapping[str, CellType] = {
    "varchar": "text",
    "double": "number",
    "integer": "integer",
    "boolean": "boolean",
    "date": "date",
}
# what `choices` may name instead of a list
_LISTS = {"sources": tuple(name for name in SOURCES if name != "files")}


@dataclass(frozen=True)
class SeedColumn:
    """A column of a policy file, and what its cells must be.

    Attributes:
        name: the name in the header.
        type: how a cell is written.
        filled: whether no cell may be empty.
        choices: the values allowed; all if empty.
        references: the file in whose column of the same name a value must stand.
        above: a number must be greater.
        at_least: a number must not be less.
        at_most: a number must not be greater.
    """

    name: str
    type: CellType = "text"
    filled: bool = False
    choices: tuple[str, ...] = ()
    references: str = ""
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None


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


@dataclass(frozen=True)
class Setting:
    """A setting of `company_settings.csv`: its type, default, edges, and what it means."""

    name: str
    type: SettingType
    default: str
    minimum: float | None
    maximum: float | None
    unit: str
    is_required: bool
    used_by: str
    meaning: str


@cache
def policy_seeds() -> tuple[Seed, ...]:
    """The files of a company's policy, in the order in which findings are listed."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    declared = yaml.load(DECLARATIONS.read_text(encoding="utf-8"), loader)
    rules = {path.stem for path in RULES.glob("*.csv")}
    return tuple(_seed(seed) for seed in declared["seeds"] if seed["name"] not in rules)


@cache
def company_settings() -> Mapping[str, Setting]:
    """All settings by name, in the order of the documentation."""
    with SETTINGS_FILE.open(encoding="utf-8", newline="") as file:
        return {row["setting"]: _setting(row) for row in csv.DictReader(file)}


def thresholds() -> Mapping[str, Setting]:
    """The settings that are edges of the data checks."""
    return {name: one for name, one in company_settings().items() if one.used_by == "checks"}


def settings_table(*used_by: str) -> str:
    """The settings as a Markdown table, as docs/policy.md shows them."""
    lines = ["| setting | value | default |", "|---|---|---|"]
    for one in company_settings().values():
        if one.used_by in used_by:
            default = one.default.replace("|", r"\|")
            required = " !" if one.is_required else ""
            lines.append(f"| {one.name}{required} | {one.meaning} | {default} |")
    return "\n".join(lines)


def write_missing_files(seeds_dir: Path) -> None:
    """Give each optional policy file that is missing its header: dbt reads every file by name."""
    for seed in policy_seeds():
        path = seeds_dir / f"{seed.name}.csv"
        if seed.optional and not path.exists() and seeds_dir.is_dir():
            replace_file(path, f"{seed.header}\n")


def _seed(declared: Mapping[str, Any]) -> Seed:
    meta = declared["config"]["meta"]
    columns = tuple(
        SeedColumn(
            name,
            "month_day" if name in meta.get("month_days", ()) else _TYPES[type_],
            name in meta.get("filled", ()),
            _choices(meta, name),
            meta.get("references", {}).get(name, ""),
            *(meta.get(edge, {}).get(name) for edge in ("above", "at_least", "at_most")),
        )
        for name, type_ in declared["config"]["column_types"].items()
    )
    return Seed(declared["name"], columns, tuple(meta["key"]), meta.get("is_optional", False))


def _choices(meta: Mapping[str, Any], column: str) -> tuple[str, ...]:
    choices = meta.get("choices", {}).get(column, ())
    return _LISTS[choices] if isinstance(choices, str) else tuple(choices)


def _setting(row: Mapping[str, str]) -> Setting:
    low, high = row["min_value"], row["max_value"]
    return Setting(
        row["setting"],
        row["type"],  # type: ignore[arg-type]  # a test holds the file to the types
        row["default_value"],
        float(low) if low else None,
        float(high) if high else None,
        row["unit"],
        row["is_required"] == "true",
        row["used_by"],
        row["meaning"],
    )
