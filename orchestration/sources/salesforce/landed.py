"""Salesforce's objects as Fivetran, Airbyte or dlt landed them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.canonical import Column, ColumnType
from orchestration.sources.shared.crm import (
    note_fields,
    record_load,
)
from orchestration.sources.shared.load import (
    TableLoad,
    create_raw_tables,
)
from orchestration.warehouse.connection import connect

if TYPE_CHECKING:
    from orchestration.sources.landed.matching import LandedTable
from orchestration.sources.salesforce.client import SalesforceSettings
from orchestration.sources.salesforce.load import create_tables
from orchestration.sources.salesforce.objects import (
    OBJECT_BY_NAME,
    SCHEMA,
    VARIABLES,
    SalesforceObject,
)

# types of the columns that are not text, for tables that others landed; `is_…` is a boolean
_TYPES: Mapping[str, ColumnType] = {
    **dict.fromkeys(("number_of_employees", "annual_revenue", "amount", "split_percentage",
                     "call_duration_in_seconds", "duration_in_minutes", "quota_amount"), "number"),
    **dict.fromkeys(("close_date", "activity_date", "converted_date", "custom_hire_date",
                     "custom_end_date", "start_date", "period_start_date", "period_end_date"),
                    "date"),
    **dict.fromkeys(("created_date", "last_login_date", "completed_date_time", "start_date_time",
                     "system_modstamp"), "timestamp"),
}  # fmt: skip


def load_landed_salesforce(
    settings: Settings, chosen: SalesforceSettings, *, full: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Bring what another tool landed into `raw_salesforce`, in the shape of what Salesforce says.

    Raises:
        ScorecardError: names every table that cannot be used, and what to do.
    """
    from orchestration.sources.landed.load import load_landed
    from orchestration.sources.landed.places import open_place

    loads, failures = [], []
    with connect(settings) as con:
        create_raw_tables(con)
        create_tables(con)
        with open_place(con, f"{VARIABLES}LANDED_IN", chosen.landed_in) as place:
            for one in (OBJECT_BY_NAME[name] for name in chosen.objects):
                table = landed_table(chosen, one)
                try:
                    load = load_landed(
                        con, settings, place, table, schema=SCHEMA, full=full, now=now
                    )
                except InputError as error:
                    failures.append(f"- {error}")
                    continue
                note_fields(con, SCHEMA, one.name, load.columns, now)
                loads.append(
                    record_load(
                        con,
                        SCHEMA,
                        one.name,
                        one.table,
                        rows=load.rows_read,
                        changed=load.rows_changed,
                        deleted=load.rows_deleted,
                        warnings=load.warnings,
                        now=now,
                    )
                )
    if failures:
        raise InputError(
            "\n".join(
                [
                    f"Salesforce: {len(failures)} landed tables could not be read.",
                    *failures,
                    "What was read is kept; nothing was published.",
                ]
            )
        )
    return loads


def landed_table(chosen: SalesforceSettings, one: SalesforceObject) -> LandedTable:
    """Under which names an object and its fields may have been landed."""
    from orchestration.sources.landed.matching import LandedColumn, LandedTable

    columns = []
    for column, name in zip(one.columns, one.fields, strict=False):
        raw = Column(
            column, _TYPES.get(column, "text"), name in ("Id", *one.required, *one.related)
        )
        if column.startswith("is_"):
            raw = replace(raw, type="boolean")
        names = (name, column, *(("LastModifiedDate",) if name == "SystemModstamp" else ()))
        # most orgs have one currency, and what a tool says of deletions has other names too
        columns.append(LandedColumn(raw, names, name not in ("CurrencyIsoCode", "IsDeleted")))
    for name in one.custom:
        field_name = chosen.custom_fields.get((one.name, name))
        type_ = _TYPES.get(f"custom_{name}", "text")
        raw = Column(f"custom_{name}", type_, required=field_name is not None)
        columns.append(LandedColumn(raw, (field_name,) if field_name else ()))
    return LandedTable(
        "Salesforce",
        one.table,
        (one.name, f"sf_{one.name}"),  # dlt's source calls users so
        tuple(columns),
        "id",
        "system_modstamp",
        one.dated_by,
        ("IsDeleted",),
        f"leave {one.name} out of {VARIABLES}OBJECTS",
    )
