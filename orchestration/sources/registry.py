"""The registry of sources: what each one provides, and where it is found.

A source is a package of this room whose module `source` has a `SOURCE`, and a name in
`SOURCES` of `orchestration.core.environment`. Nothing outside its package and its dbt folders
knows more.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.core.settings import Settings
from orchestration.sources.shared.load import TableLoad


@dataclass(frozen=True)
class CheckedObject:
    """A raw table of a CRM, and what the checks of the suite `raw` need to know of it.

    Attributes:
        name: as people call its records.
        table: its raw table.
        loaded_as: its name in the records of loads.
        changed: the column that says when a record was changed.
        created: the column that says when a record was created, where some are on every working
            day; else empty.
        has_fields: whether its fields are read from the CRM and may change.
    """

    name: str
    table: str
    loaded_as: str
    changed: str
    created: str = ""
    has_fields: bool = True


@dataclass(frozen=True)
class Source:
    """A source of raw records.

    Attributes:
        name: as in `SCORECARD_SOURCES` and in the names of its dbt folders and models.
        schema: the schema of its raw tables in the working warehouse.
        tables: its raw tables, each with the columns that date its records; none for small tables.
        load: brings what changed into the raw tables; `(settings, *, full, quarantine, now)`.
        poll: a cheap state of the source, without opening the working warehouse, which a refresh
            may be writing. Without the state of before it describes the source as it is now; with
            it, the answer is equal if, and only if, the refresh in between read everything.
        check: connects without loading; a sentence about what it found (may be empty) and warnings.
        oldest_day: a query for the day of the oldest record, as text of at least a year.
        time_zones: a query for the time zones of reps, each with the id of a rep.
        rep_identity: a query for all that decides to which rep and local day old activities belong.
        checked_objects: the raw tables of a CRM that the suite `raw` checks.
    """

    name: str
    schema: str
    tables: Mapping[str, tuple[str, ...]]
    load: Callable[..., list[TableLoad]]
    poll: Callable[[Settings, Any], Any]
    check: Callable[[Settings], tuple[str, list[str]]]
    oldest_day: str
    time_zones: str
    rep_identity: str
    checked_objects: tuple[CheckedObject, ...] = ()


def enabled_sources(settings: Settings) -> list[Source]:
    """The sources that a refresh reads: the files always, for goals and leave lie there."""
    return [find_source(name) for name in dict.fromkeys(("files", *settings.sources))]


def poll_sources(settings: Settings, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The state of each enabled source as plain data; see `Source.poll`.

    Raises:
        ScorecardError: a source cannot be reached.
    """
    return {
        source.name: source.poll(settings, (seen or {}).get(source.name))
        for source in enabled_sources(settings)
    }


def find_source(name: str) -> Source:
    """The source of that name."""
    found: Source = importlib.import_module(f"orchestration.sources.{name}.source").SOURCE
    return found
