"""Which landed table and columns are meant, by names without case, underscores and blanks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.core.errors import InputError
from orchestration.sources.canonical import Column
from orchestration.sources.landed.places import Found, Place

# when a tool wrote a row, best first; a row that it changes or marks as deleted is written anew
SYNCED = ("_fivetran_synced", "_airbyte_extracted_at", "_airbyte_emitted_at", "_dlt_load_id")

# columns in which tools mark a deleted record: true, or a time
DELETED = ("_fivetran_deleted", "_ab_cdc_deleted_at")

# with a tool that keeps old versions of a record: the current one
ACTIVE = ("_fivetran_active",)

ENDED = ("_dlt_valid_to",)

SHOWN_NAMES = 40


@dataclass(frozen=True)
class LandedColumn:
    """A column of a raw table, and the names under which it may have been landed.

    Nothing is said when one is absent that is not `is_usual`. `title`: what the CRM calls it, the
    first of the names when empty.
    """

    raw: Column
    names: tuple[str, ...]
    is_usual: bool = True
    title: str = ""


@dataclass(frozen=True)
class LandedTable:
    """A raw table, the names its landed twin may have, and where columns come from.

    `key` is the raw column that identifies a record, `stamp` the one that tells the newer of two
    versions, `deleted_by` names columns that say it is gone, `to_do_without` what to do where
    nobody lands it, `left_empty` what is missing then; without it the table is needed. `view` shows
    the place as if the table lay there in the plain form.
    """

    source: str
    raw: str
    names: tuple[str, ...]
    columns: tuple[LandedColumn, ...]
    key: str
    stamp: str
    dated_by: tuple[str, ...]
    deleted_by: tuple[str, ...]
    to_do_without: str
    left_empty: str = ""
    view: Callable[[Place], Place] | None = None


def normalise(name: str) -> str:
    """The name without case, underscores and blanks."""
    return name.lower().replace("_", "").replace(" ", "")


@dataclass(frozen=True)
class Matched:
    """Which landed columns are which: by column of raw, and those of the tool."""

    table: LandedTable
    place: Place
    found: Found
    by_column: Mapping[str, str]
    synced: str | None
    deleted: tuple[str, ...]
    active: str | None
    ended: str | None

    @property
    def key(self) -> str:
        """The landed column that identifies a record."""
        return self.by_column[self.table.key]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is optional and was not landed."""
        absent = [
            column.title or column.names[0]
            for column in self.table.columns
            if column.is_usual and column.names and column.raw.name not in self.by_column
        ]
        if not absent:
            return ()
        return (f"landed table {self.found.name} has no {', '.join(absent)}: left empty",)


def landed_as(there: Sequence[str], names: Sequence[str]) -> list[str]:
    """The tables that bear the first of these names that any bears; more than one are too many."""
    for wanted in names:
        if found := [name for name in there if normalise(name) == normalise(wanted)]:
            return found
    return []


def do_without(place: Place, table: LandedTable) -> tuple[str, ...]:
    """What to say when a table that is not needed is not there; nothing when it is."""
    if not table.left_empty or landed_as(place.tables(), table.names):
        return ()
    return (f"{place.name} has no table {table.names[0]}: {table.left_empty}",)


def match(place: Place, table: LandedTable) -> Matched:
    """Find a landed table and its columns.

    Raises:
        InputError: the table is not there, or a column without which it says nothing.
    """
    place = table.view(place) if table.view else place
    there = place.tables()
    named = landed_as(there, table.names)
    if len(named) != 1:
        problem = (
            f"has {' and '.join(named)}, which are the same table. Keep one"
            if named
            else f"has no table {table.names[0]} (there: {listed(there)}). Land it there, name "
            f"the right place, or {table.to_do_without}"
        )
        raise InputError(f"{table.source}: {place.name} {problem} (docs/landed.md).")
    found = place.find(named[0])
    columns: dict[str, str] = {}
    for name in found.columns:
        columns.setdefault(normalise(name), name)

    def first(names: Sequence[str]) -> str | None:
        return next((columns[normalise(n)] for n in names if normalise(n) in columns), None)

    by_column = {c.raw.name: landed for c in table.columns if (landed := first(c.names))}
    missing = [
        c.title or c.names[0]
        for c in table.columns
        if c.raw.required and c.raw.name not in by_column
    ]
    if missing:
        raise InputError(
            f"{table.source}: table {found.name} in {place.name} has no column for "
            f"{', '.join(missing)} (there: {listed(list(found.columns))}). Let the tool land "
            f"{'these fields' if len(missing) > 1 else 'this field'}, or lay a view over the table "
            "that has them (docs/landed.md)."
        )
    return Matched(
        table,
        place,
        found,
        by_column,
        None if first(ENDED) else first(SYNCED),  # dlt does not stamp a version that it ends
        tuple(n for name in (*table.deleted_by, *DELETED) if (n := first([name]))),
        first(ACTIVE),
        first(ENDED),
    )


def listed(names: Sequence[str]) -> str:
    """The first names of a list, for a message."""
    shown = ", ".join(names[:SHOWN_NAMES])
    return f"{shown}, …" if len(names) > SHOWN_NAMES else shown or "nothing"
