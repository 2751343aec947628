"""HubSpot as Fivetran, Airbyte or dlt landed it, brought into the same raw tables.

Their forms differ more than Salesforce's: properties are columns with a prefix or lie in one JSON
column; associations are tables of their own or lists; stages, teams and former stages lie here and
there; what was archived or merged is elsewhere. A view shows a place as if each raw table lay there
in the plain form, which `landed` then reads like any other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.core.sql import render_sql
from orchestration.sources.canonical import Column
from orchestration.sources.hubspot.client import HubSpotSettings
from orchestration.sources.hubspot.landed.names import (
    ACTIVITIES,
    LEFT_EMPTY,
    NAMES,
    OF_ANY,
    OTHERWISE,
    TYPES,
    prefixed,
)
from orchestration.sources.hubspot.landed.objects import show_object
from orchestration.sources.hubspot.landed.reference import (
    OUTCOMES,
    show_history,
    show_outcomes,
    show_owners,
    show_stages,
)
from orchestration.sources.hubspot.landed.view import MADE, Shown, View
from orchestration.sources.hubspot.load import create_tables
from orchestration.sources.hubspot.objects import (
    NOT_EVERYWHERE,
    OBJECT_BY_NAME,
    REFERENCE_BY_TABLE,
    SCHEMA,
    SINGULAR,
    VARIABLES,
    HubSpotObject,
)
from orchestration.sources.landed.load import check_landed, load_landed, poll_landed
from orchestration.sources.landed.matching import LandedColumn, LandedTable, do_without
from orchestration.sources.landed.places import Found, Place, open_place
from orchestration.sources.shared.crm import note_fields, record_load, require_all_read
from orchestration.sources.shared.load import (
    TableLoad,
    create_raw_tables,
    iso,
    mark_deleted,
    merge_records,
)
from orchestration.warehouse.connection import connect, working_folder

SETTING = f"{VARIABLES}LANDED_IN"
# the outcomes of calls that every account has, by the id that HubSpot documents
DISPOSITIONS = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
}


def poll(settings: Settings, chosen: HubSpotSettings) -> dict[str, Any]:
    """How many records the watched tables have, and when the tool last wrote one."""
    tables = [
        object_table(chosen, OBJECT_BY_NAME[name])
        for name in chosen.objects
        if OBJECT_BY_NAME[name].is_watched
    ]
    return poll_landed(settings, SETTING, chosen.landed_in, tables)


def check(chosen: HubSpotSettings) -> tuple[str, list[str]]:
    """Find every table and its columns without reading all rows; what is there, and warnings.

    Raises:
        ScorecardError: the place cannot be opened, or something needed is missing.
    """
    return check_landed(SETTING, chosen.landed_in, landed_tables(chosen))


def load(
    settings: Settings, chosen: HubSpotSettings, *, full: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Bring what another tool landed into `raw_hubspot`, in the shape of what HubSpot says.

    Raises:
        ScorecardError: names every table that cannot be used, and what to do.
    """
    loads, failures = [], []
    tables = landed_tables(chosen)
    with connect(settings) as con:
        create_raw_tables(con)
        create_tables(con)
        with open_place(con, SETTING, chosen.landed_in) as place:
            for table in tables:
                rows, changed, deleted = 0, 0, 0
                warnings = do_without(place, table)
                if not warnings:
                    try:
                        one = load_landed(
                            con, settings, place, table, schema=SCHEMA, full=full, now=now
                        )
                    except InputError as error:
                        failures.append(str(error))
                        continue
                    rows, changed, warnings = one.rows_read, one.rows_changed, one.warnings
                    deleted = one.rows_deleted + _mark_merged(con, table, now)
                    landed = {n: type_ for n, type_ in one.columns.items() if type_ != MADE}
                    if table.raw not in REFERENCE_BY_TABLE:
                        note_fields(con, SCHEMA, table.raw, landed, now)
                if table.raw == "property_option":
                    changed += _write_dispositions(con, settings, now)
                loads.append(
                    record_load(
                        con,
                        SCHEMA,
                        table.raw,
                        table.raw,
                        rows=rows,
                        changed=changed,
                        deleted=deleted,
                        warnings=warnings,
                        now=now,
                    )
                )
    require_all_read("HubSpot", failures, len(tables))
    return loads


def landed_tables(chosen: HubSpotSettings) -> list[LandedTable]:
    """Every table that is looked for."""
    return [
        _reference_table("owner", ("id", "email"), show_owners),
        _reference_table("pipeline_stage", ("id", "pipeline_id", "label"), show_stages),
        *(object_table(chosen, OBJECT_BY_NAME[name]) for name in chosen.objects),
        _reference_table("deal_stage_history", ("id", "deal_id", "stage_id", "changed_at"),
                         show_history),
        _reference_table("property_option", ("id", "value", "label"), show_outcomes),
    ]  # fmt: skip


def object_table(chosen: HubSpotSettings, one: HubSpotObject) -> LandedTable:
    """Under which names an object and its properties may have been landed."""
    ids = ("id", f"{one.table}_id", *(("engagement_id",) if one.name in ACTIVITIES else ()),
           *prefixed("hs_object_id"))  # fmt: skip
    columns = [LandedColumn(Column("id", required=True), ids)]
    for name in (*one.required, *one.optional, one.stamp):
        others = (*OTHERWISE.get((one.table, name), ()), *OF_ANY.get(name, ()))
        raw = Column(name, TYPES.get(name, "text"), name in one.required)
        is_usual = name not in (*NOT_EVERYWHERE, one.stamp)
        columns.append(LandedColumn(raw, (*prefixed(name), *others), is_usual, name))
    for name in one.associations:
        column = f"{SINGULAR[name]}_ids"
        columns.append(LandedColumn(Column(column), (column,)))
    for name in one.custom:
        named = chosen.custom_fields.get((one.name, name))
        type_ = TYPES.get(f"custom_{name}", "text")
        raw = Column(f"custom_{name}", type_, required=named is not None)
        columns.append(LandedColumn(raw, prefixed(named) if named else (), title=named or ""))
    columns.append(LandedColumn(Column("is_archived"), ()))  # the tools' flags say it
    return LandedTable(
        "HubSpot",
        one.table,
        NAMES[one.table],
        tuple(columns),
        "id",
        one.stamp,
        one.dated_by,
        ("is_deleted", "archived", "_merged_away", "_in_archive"),
        f"leave {one.name} out of {VARIABLES}OBJECTS",
        LEFT_EMPTY.get(one.table, ""),
        lambda place: View(place, lambda place, base: show_object(place, base, one, ids)),
    )


def _reference_table(
    table: str, required: Sequence[str], show: Callable[[Place, Found], Shown]
) -> LandedTable:
    columns = tuple(
        LandedColumn(Column(name, TYPES.get(name, "text"), name in required), (name,), False)
        for name in REFERENCE_BY_TABLE[table].columns
    )
    return LandedTable(
        "HubSpot",
        table,
        NAMES[table],
        columns,
        "id",
        "changed_at" if table == "deal_stage_history" else "updated_at",
        (),
        ("is_deleted",),
        "read HubSpot itself (docs/hubspot.md)",
        LEFT_EMPTY.get(table, ""),
        lambda place: View(place, show),
    )


def _mark_merged(con: duckdb.DuckDBPyConnection, table: LandedTable, now: dt.datetime) -> int:
    """Mark as deleted what a record that was just read says was merged into it; how many."""
    if not any(column.raw.name == "hs_merged_object_ids" for column in table.columns):
        return 0
    raw = f"{SCHEMA}.{table.raw}"
    merged = render_sql(__package__, "merged_records", raw=raw)
    return mark_deleted(con, raw, f"id in ({merged})", table.dated_by, now)


def _write_dispositions(
    con: duckdb.DuckDBPyConnection, settings: Settings, now: dt.datetime
) -> int:
    """Name the outcomes of calls that every account has, where nobody landed their names."""
    raw = f"{SCHEMA}.property_option"
    with working_folder(settings) as folder:
        return merge_records(
            con,
            schema=SCHEMA,
            table="property_option",
            columns=REFERENCE_BY_TABLE["property_option"].columns,
            key="id",
            stamp=None,
            incoming=render_sql(
                __package__,
                "missing_outcomes",
                ids=list(DISPOSITIONS),
                labels=list(DISPOSITIONS.values()),
                prefix=OUTCOMES,
                now=iso(now),
                raw=raw,
            ),
            dated_by=(),
            folder=Path(folder),
        )
