"""Objects of HubSpot: their columns, and what other landed tables say of their records."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.core.sql import render_sql
from orchestration.sources.hubspot.landed.names import ACTIVITIES, OF_ANY, prefixed
from orchestration.sources.hubspot.landed.view import (
    Cell,
    Shown,
    Side,
    as_it_is,
    as_landed,
    flag_of,
    joined_ids,
    json_of,
    of_base,
    pick,
    text_of,
)
from orchestration.sources.hubspot.objects import SINGULAR, HubSpotObject
from orchestration.sources.landed.matching import SYNCED, landed_as, normalise
from orchestration.sources.landed.places import Found, Place, identifier
from orchestration.warehouse.connection import quote


def show_object(place: Place, base: Found, one: HubSpotObject, ids: Sequence[str]) -> Shown:
    """An object: its columns, properties within JSON, and what other tables say of its records."""
    cells = {name: as_landed(name, type_) for name, type_ in base.columns.items()}
    properties = pick(base, "properties")
    if properties:
        known = {normalise(name) for name in base.columns}
        for name in place.fields(base, properties):
            if normalise(f"properties_{name}") not in known:
                path = quote(f'$."{name}"')
                text = f"json_extract_string({json_of(properties)}, {path})"
                cells[f"properties_{name}"] = Cell(text, (properties,))
    key = pick(base, *ids)
    if not key:
        return as_it_is(base)
    sides: dict[str, Side] = {}
    for to in one.associations:
        _associate(place, base, one, to, cells, sides)
    _find_archive(place, base, ids, cells, sides)
    _find_merged(place, base, one, key, cells, sides)
    return Shown(base, (key,), cells, sides)


def _associate(
    place: Place,
    base: Found,
    one: HubSpotObject,
    to: str,
    cells: dict[str, Cell],
    sides: dict[str, Side],
) -> None:
    """Ids of associated records: a list in the table itself, or a table of pairs."""
    column = f"{SINGULAR[to]}_ids"
    if listed := pick(base, to):
        cells[column] = Cell(
            joined_ids(f"from_json({json_of(listed)}, '[\"VARCHAR\"]')"), (listed,)
        )
        return
    start = "engagement" if one.name in ACTIVITIES else one.table
    for table in landed_as(place.tables(), [f"{start}_{SINGULAR[to]}"]):
        pairs = place.find(table)
        here, there = pick(pairs, f"{start}_id"), pick(pairs, f"{SINGULAR[to]}_id")
        gone, active = pick(pairs, "_fivetran_deleted"), pick(pairs, "_fivetran_active")
        if here and there:
            sides[f"to_{to}"] = Side(
                pairs,
                render_sql(
                    __package__,
                    "associated",
                    record_id=text_of(here),
                    ids=joined_ids(f"list({identifier(there)})"),
                    is_gone=flag_of(gone),
                    is_active=flag_of(active),
                ),
                tuple(filter(None, (here, there, gone, active))),
                here,
                pick(pairs, *SYNCED),
            )
            cells[column] = Cell(f"to_{to}.ids", sides=(f"to_{to}",))


def _find_archive(
    place: Place,
    base: Found,
    ids: Sequence[str],
    cells: dict[str, Cell],
    sides: dict[str, Side],
) -> None:
    """Airbyte lands archived records in a table beside, and leaves the live ones as they were."""
    for table in landed_as(place.tables(), [f"{base.name}_archived"]):
        archive = place.find(table)
        key, when, synced = pick(archive, *ids), pick(archive, *SYNCED), pick(base, *SYNCED)
        if key and when and synced:
            sql = render_sql(__package__, "archived", record_id=text_of(key), synced=of_base(when))
            sides["archive"] = Side(archive, sql, (key, when), key, when)
            cells["_in_archive"] = Cell(
                f"coalesce(archive.synced >= {of_base(synced)}, false)", (synced,), ("archive",)
            )


def _find_merged(
    place: Place,
    base: Found,
    one: HubSpotObject,
    key: str,
    cells: dict[str, Cell],
    sides: dict[str, Side],
) -> None:
    """Records that were merged into others: as those say, or in a table beside."""
    names = (*prefixed("hs_merged_object_ids"), *OF_ANY["hs_merged_object_ids"])
    by_name = {normalise(name): cell for name, cell in cells.items()}
    cell = next((by_name[normalise(n)] for n in names if normalise(n) in by_name), None)
    if cell:
        sides["merged"] = Side(
            base,
            render_sql(__package__, "merged_away", record_id=text_of(key), merged_ids=cell.sql),
            tuple(dict.fromkeys((key, *cell.needs))),
            only=(cell.needs[0], None),
        )
    for table in landed_as(place.tables(), [f"merged_{one.table}"]):
        merged = place.find(table)
        if loser := pick(merged, f"merged_{one.table}_id"):
            sides["merged_before"] = Side(
                merged,
                f"select distinct {text_of(loser)} as id from landed as base",
                (loser,),
                loser,
                pick(merged, *SYNCED),
            )
    away = tuple(name for name in ("merged", "merged_before") if name in sides)
    if away:
        is_away = " or ".join(f"{name}.id is not null" for name in away)
        cells["_merged_away"] = Cell(is_away, sides=away)
