"""A place in which landed tables of HubSpot look as raw tables do: what is shown, and its SQL.

`sql/view.sql` puts a table together. What a shape selects, it selects from `landed`, the columns of
the landed table that are needed; beside it lie the tables of `Shown.beside`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.core.sql import render_sql
from orchestration.sources.hubspot.objects import REFERENCE_BY_TABLE
from orchestration.sources.landed.matching import landed_as, normalise
from orchestration.sources.landed.places import MOMENT, Found, Only, Place, Since, identifier

MADE = "made"  # the type of a column that the view makes

# tables beside a landed one, by name in its SQL: the table, and which columns of it
Beside = Mapping[str, tuple[Found, tuple[str, ...]]]


@dataclass(frozen=True)
class Cell:
    """A column that a view shows: SQL over `base` and the sides, and what it needs of them."""

    sql: str
    needs: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    type: str = MADE


@dataclass(frozen=True)
class Side:
    """What another table knows of the records; `sql` selects it with their id as `id`.

    `key` is the column with the id of a record; a side without one is always read whole.
    """

    found: Found
    sql: str
    columns: tuple[str, ...]
    key: str = ""
    synced: str = ""
    only: Only = None


@dataclass(frozen=True)
class Shown:
    """A table as a view shows it: made of one that was landed, and of others beside it.

    A row is told apart by `keys`, columns of the landed table; the first names the record. `step`
    selects from the landed table, and from those `beside` it, where a row of it is not a row.
    """

    base: Found
    keys: tuple[str, ...]
    cells: Mapping[str, Cell]
    sides: Mapping[str, Side] = field(default_factory=dict)
    only: Only = None
    step: str = "select * from landed"
    needs: tuple[str, ...] = ()
    beside: Beside = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """A place in which one table looks as raw tables do."""

    place: Place
    show: Callable[[Place, Found], Shown]

    @property
    def name(self) -> str:
        """The place, as messages name it."""
        return self.place.name

    def tables(self) -> list[str]:
        """Names of all tables there."""
        return self.place.tables()

    def find(self, table: str) -> Found:
        """The table of that very name, with the columns that the view shows."""
        shown = self.show(self.place, self.place.find(table))
        return Found(table, shown, {name: cell.type for name, cell in shown.cells.items()})

    def relation(
        self,
        found: Found,
        columns: Sequence[str],
        since: Since | None,
        path: Path,
        only: Only = None,
    ) -> str:
        """What DuckDB can select these columns from."""
        shown: Shown = found.relation
        cells = {name: shown.cells[name] for name in columns}
        needs = [
            *shown.keys,
            *shown.needs,
            *(need for cell in cells.values() for need in cell.needs),
        ]
        used = {name: shown.sides[name] for cell in cells.values() for name in cell.sides}
        if since is not None:
            [(_, _, when)] = since.written
            told = [(shown.base, shown.keys[0], when)]
            told += [(s.found, s.key, s.synced) for s in used.values() if s.key and s.synced]
            since = replace(since, key=shown.keys[0], written=tuple(told))
        sides = []
        for name, side in used.items():
            wanted = replace(since, key=side.key) if since and side.key else None
            lying = self.place.relation(
                side.found, side.columns, wanted, path.with_name(f"{name}.parquet"), side.only
            )
            sides.append({"name": name, "landed": lying, "step": side.sql})
        return render_sql(
            __package__,
            "view",
            beside={
                name: self.place.relation(table, some, None, path.with_name(f"{name}.parquet"))
                for name, (table, some) in shown.beside.items()
            },
            landed=self.place.relation(
                shown.base, list(dict.fromkeys(needs)), since, path, only or shown.only
            ),
            step=shown.step,
            sides=sides,
            cells={identifier(name): cell.sql for name, cell in cells.items()},
            record_id=text_of(shown.keys[0]) if shown.keys else "null",
        )

    def state(
        self, found: Found, keys: Sequence[str], latest: str, only: Only = None
    ) -> tuple[int, str]:
        """How many different keys the table has, and the highest value of another column."""
        shown: Shown = found.relation
        is_there = latest in shown.base.columns
        return self.place.state(
            shown.base, shown.keys, latest if is_there else shown.keys[0], only or shown.only
        )

    def fields(self, found: Found, column: str) -> list[str]:
        """Names within the JSON objects of a column, as far as its first rows tell."""
        return self.place.fields(found, column)


def as_it_is(base: Found) -> Shown:
    """A table in which something needed is missing; who reads it says what."""
    return Shown(base, (), {name: as_landed(name, type_) for name, type_ in base.columns.items()})


def reference(base: Found, table: str, needs: tuple[str, ...], step: str, beside: Beside) -> Shown:
    """A small table, whose columns the step selects; it is read whole each time."""
    cells = {name: Cell(of_base(name)) for name in REFERENCE_BY_TABLE[table].columns}
    some = tuple(filter(None, needs))
    return Shown(base, some[:1], cells, step=step, needs=some, beside=beside)


def one_of(place: Place, *names: str) -> Found | None:
    """The table that bears the first of these names that any bears."""
    named = landed_as(place.tables(), names)
    return place.find(named[0]) if named else None


def pick(found: Found, *names: str) -> str:
    """The first column of a table that bears one of these names; empty when there is none."""
    known = {normalise(name): name for name in reversed(list(found.columns))}
    return next((known[normalise(name)] for name in names if normalise(name) in known), "")


def first_of(found: Found, *names: str) -> str:
    """SQL of the first value of these columns, as text."""
    cells = [text_of(column) for name in names if (column := pick(found, name))]
    return f"coalesce({', '.join([*cells, 'null'])})"


def as_landed(name: str, type_: str) -> Cell:
    """A column as it is; some tools land ids as numbers with decimals."""
    is_id = normalise(name).endswith("id")
    return Cell(text_of(name) if is_id else of_base(name), (name,), type=type_)


def of_base(column: str) -> str:
    """SQL of a column of the landed table; null where there is none."""
    return f"base.{identifier(column)}" if column else "null"


def text_of(column: str) -> str:
    """SQL of an id as text; some tools land ids as numbers with decimals."""
    return f"regexp_replace(cast({of_base(column)} as varchar), '\\.0+$', '')"


def json_of(column: str) -> str:
    """SQL of a column that holds JSON."""
    return f"cast({of_base(column)} as json)"


def flag_of(column: str) -> str:
    """SQL of a column that says yes or no; null where there is none."""
    return f"try_cast({identifier(column) if column else 'null'} as boolean)"


def joined_ids(ids: str) -> str:
    """SQL of ids as raw tables write them: each once, by number, with semicolons between."""
    numbers = f"list_sort(list_distinct([try_cast(one as bigint) for one in {ids}]))"
    return f"nullif(array_to_string([cast(one as varchar) for one in {numbers}], ';'), '')"


def moment_of(value: str) -> str:
    """SQL of a moment as raw tables write it; HubSpot's older interfaces count milliseconds."""
    text = f"cast({value} as varchar)"
    offset = f"regexp_replace({text}, '([+-]\\d\\d)(\\d\\d)$', '\\1:\\2')"
    return (
        f"strftime(case when regexp_full_match({text}, '\\d{{12,13}}(\\.0*)?')"
        f" then make_timestamp_ms(cast(cast({text} as double) as bigint))"
        f" else cast(try_cast({offset} as timestamptz) as timestamp) end, '{MOMENT}')"
    )
