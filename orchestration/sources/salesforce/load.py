"""Salesforce: records by Bulk API 2.0 `queryAll`, each there once, whatever the network does.

An object is read in closed windows of `SystemModstamp`. A window is one query job, whose results
Salesforce keeps for days and hands out in pages; each page is merged by id, and then the place
where the job is goes into `raw_salesforce._cursors`. So a load that was killed goes on with the
page it was at, and a page that is merged twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from orchestration.core.settings import Settings
from orchestration.sources.salesforce.client import (
    SalesforceClient,
    SalesforceSettings,
    require_all_rows,
    soql_moment,
)
from orchestration.sources.salesforce.objects import (
    OBJECT_BY_NAME,
    OBJECTS,
    SCHEMA,
    VARIABLES,
    SalesforceObject,
    snake,
)
from orchestration.sources.shared.crm import (
    ObjectFailed,
    Selected,
    create_crm_tables,
    custom_columns,
    note_fields,
    parse_moment,
    read_cursor,
    record_load,
    require_all_read,
    write_cursor,
)
from orchestration.sources.shared.load import (
    TableLoad,
    create_raw_tables,
    is_due,
    iso,
    mark_deleted,
    merge_page,
)
from orchestration.warehouse.connection import connect, quote

LOOK_BACK = dt.timedelta(minutes=15)  # records are stamped before they are committed

RECONCILE_EVERY = dt.timedelta(days=7)

IDS_PER_QUERY = 1_000


@dataclass(frozen=True)
class Cursor:
    """How far an object is: complete up to `synced_to`; perhaps in the middle of a job."""

    fields: str = ""
    synced_to: str | None = None
    window_to: str | None = None
    job_id: str | None = None
    locator: str | None = None
    rows_done: int = 0
    reconciled_at: str | None = None


def load_salesforce(
    settings: Settings,
    client: SalesforceClient,
    *,
    full: bool = False,
    now: dt.datetime,
) -> list[TableLoad]:
    """Bring what changed in Salesforce into `raw_salesforce`.

    An object that fails does not keep the others from being loaded; then the step fails, for a
    scorecard without its calls would be wrong.

    Raises:
        ScorecardError: names every object that failed, and what to do.
    """
    chosen = [OBJECT_BY_NAME[name] for name in client.settings.objects]
    loads, failures = [], []
    with connect(settings) as con:
        create_raw_tables(con)
        create_tables(con)
        client.check_limits()
        for one in chosen:
            try:
                loads.append(_load_object(con, settings, client, one, full=full, now=now))
            except ObjectFailed as error:
                failures.append(str(error))
    require_all_read("Salesforce", failures, len(chosen))
    return loads


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of `raw_salesforce`, so that every table can always be read."""
    create_crm_tables(con, SCHEMA, {one.table: one.columns for one in OBJECTS}, Cursor)


def select_fields(
    settings: SalesforceSettings, one: SalesforceObject, described: Mapping[str, str]
) -> Selected:
    """Which fields to ask for; what is optional and not there is named.

    Raises:
        ObjectFailed: a field is missing or hidden without which the object says nothing.
    """
    stamps = ("Id", "SystemModstamp", *(("IsDeleted",) if one.has_delete_flag else ()))
    missing = [name for name in (*stamps, *one.required) if name not in described]
    if missing:
        raise ObjectFailed(
            f"{one.name}: the user does not see {', '.join(missing)}. Give it read access to "
            f"{'these fields' if len(missing) > 1 else 'this field'} (field-level security)."
        )
    custom = custom_columns(settings.custom_fields, one.name)
    for name in custom.values():
        if name not in described:
            raise ObjectFailed(
                f"{one.name}: {VARIABLES}FIELDS names {name}, which does not exist or which the "
                "user does not see."
            )
    absent = [name for name in one.optional if name not in described]
    found = [name for name in (*stamps, *one.required, *one.optional) if name in described]
    warnings = [f"{one.name} has no {', '.join(absent)}, or the user does not see it"]
    return Selected(
        {**{snake(name): name for name in (*found, *one.all_related)}, **custom},
        tuple(warnings) if [name for name in absent if name != "CurrencyIsoCode"] else (),
    )


def _load_object(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    client: SalesforceClient,
    one: SalesforceObject,
    *,
    full: bool,
    now: dt.datetime,
) -> TableLoad:
    described = client.describe(one.name)
    selected = select_fields(client.settings, one, described)
    note_fields(con, SCHEMA, one.name, described, now)
    cursor = read_cursor(con, SCHEMA, one.name, Cursor)
    if full or selected.gains(cursor.fields):  # old records lack what is asked for now
        cursor = Cursor(reconciled_at=cursor.reconciled_at)
    elif selected.text != cursor.fields:
        cursor = replace(cursor, job_id=None, locator=None)
    cursor = replace(cursor, fields=selected.text)
    is_first, rows, changed = cursor.synced_to is None, 0, 0
    # a window that an earlier load began ends before now: another follows it
    for _ in range(1 if cursor.job_id is None else 2):
        cursor, more_rows, more_changed = _load_window(
            con, settings, client, one, cursor, selected, now
        )
        rows, changed = rows + more_rows, changed + more_changed
    done = cursor
    deleted = 0
    reconciled_at = parse_moment(done.reconciled_at) if done.reconciled_at else None
    if is_first and not full and done.reconciled_at is None:
        _write_cursor(con, one, replace(done, reconciled_at=iso(now)))
    elif full or is_due(reconciled_at, RECONCILE_EVERY, now):
        repaired, deleted = _reconcile(con, settings, client, one, selected, now)
        changed += repaired
        _write_cursor(con, one, replace(done, reconciled_at=iso(now)))
    return record_load(
        con,
        SCHEMA,
        one.name,
        one.table,
        rows=rows,
        changed=changed,
        deleted=deleted,
        warnings=selected.warnings,
        now=now,
    )


def _load_window(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    client: SalesforceClient,
    one: SalesforceObject,
    cursor: Cursor,
    selected: Selected,
    now: dt.datetime,
) -> tuple[Cursor, int, int]:
    """Read a window to its end, page by page; the rows that came, and that were new or differed."""
    while True:
        cursor, expected = _open_job(con, client, one, cursor, selected)
        if expected is not None:
            break
    rows, changed = 0, 0
    while True:
        assert cursor.job_id is not None
        page, locator = client.page(one.name, cursor.job_id, cursor.locator)
        changed += _merge(con, settings, one, page, selected, now)
        rows += page.num_rows
        cursor = replace(cursor, locator=locator, rows_done=cursor.rows_done + page.num_rows)
        if locator is None:
            break
        _write_cursor(con, one, cursor)
    over = replace(cursor, job_id=None, locator=None, rows_done=0, window_to=None)
    if cursor.rows_done != expected:
        _write_cursor(con, one, over)
        require_all_rows(one.name, cursor.rows_done, expected)
    over = replace(over, synced_to=cursor.window_to)
    _write_cursor(con, one, over)
    return over, rows, changed


def _open_job(
    con: duckdb.DuckDBPyConnection,
    client: SalesforceClient,
    one: SalesforceObject,
    cursor: Cursor,
    selected: Selected,
) -> tuple[Cursor, int | None]:
    """The job that was under way, or one over a new window, when its results are there.

    Without a number of records the job is gone, and is to be opened anew.
    """
    if cursor.job_id is None:
        cursor = replace(
            cursor, window_to=soql_moment(client.server_time), locator=None, rows_done=0
        )
        assert cursor.window_to is not None
        conditions = [f"SystemModstamp < {cursor.window_to}"]
        if cursor.synced_to is not None:
            since = soql_moment(parse_moment(cursor.synced_to) - LOOK_BACK)
            conditions.insert(0, f"SystemModstamp >= {since}")
        soql = _soql(one, selected, " AND ".join(conditions))
        cursor = replace(cursor, job_id=client.create_job(one.name, soql))
        _write_cursor(con, one, cursor)
    assert cursor.job_id is not None
    try:
        expected = client.wait_for_job(one.name, cursor.job_id)
    except ObjectFailed:
        _write_cursor(con, one, replace(cursor, job_id=None, locator=None, rows_done=0))
        raise
    if expected is None:
        cursor = replace(cursor, job_id=None, locator=None, rows_done=0)
    return cursor, expected


def _soql(one: SalesforceObject, selected: Selected, where: str) -> str:
    return f"SELECT {', '.join(selected.by_column.values())} FROM {one.name} WHERE {where}"


def _merge(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    one: SalesforceObject,
    page: pa.Table,
    selected: Selected,
    now: dt.datetime,
) -> int:
    """Merge a page; how many rows were new or differed."""
    if page.num_rows == 0:
        return 0
    is_deleted = "coalesce(lower(is_deleted), 'false')" if one.has_delete_flag else "'false'"
    columns = ", ".join(
        f'"{selected.by_column[name]}" as {name}'
        if name in selected.by_column
        else f"cast(null as varchar) as {name}"
        for name in one.columns
    )
    return merge_page(
        con,
        settings,
        page,
        schema=SCHEMA,
        table=one.table,
        columns=one.columns,
        stamp="system_modstamp",
        incoming=(
            f"select *, left(system_modstamp, 19) || 'Z' as _modified_at,"
            f" {is_deleted} as _is_deleted, {quote(iso(now))} as _extracted_at"
            f" from (select {columns} from page)"
        ),
        dated_by=one.dated_by,
    )


def _reconcile(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    client: SalesforceClient,
    one: SalesforceObject,
    selected: Selected,
    now: dt.datetime,
) -> tuple[int, int]:
    """Compare live ids: what was purged is marked as deleted, what is missing is read.

    The ids are asked for after all changes were merged: what is live in raw and not among them
    was deleted.
    """
    where = " WHERE IsDeleted = false" if one.has_delete_flag else ""
    con.execute("create or replace temp table live_ids (id varchar)")
    for page in client.query(one.name, f"SELECT Id FROM {one.name}{where}"):
        con.register("ids", page)
        con.execute('insert into live_ids select "Id" from ids')
        con.unregister("ids")
    raw = f"{SCHEMA}.{one.table}"
    flag = ", is_deleted = 'true'" if one.has_delete_flag else ""
    deleted = mark_deleted(con, raw, "id not in (from live_ids)", one.dated_by, now, flag)
    missing = [
        row[0]
        for row in con.execute(
            f"select id from live_ids anti join (from {raw} where _is_deleted = 'false')"
            " using (id) order by id"
        ).fetchall()
    ]
    con.execute("drop table live_ids")
    changed = 0
    for start in range(0, len(missing), IDS_PER_QUERY):
        some = ", ".join(quote(one_id) for one_id in missing[start : start + IDS_PER_QUERY])
        for page in client.query(one.name, _soql(one, selected, f"Id IN ({some})")):
            changed += _merge(con, settings, one, page, selected, now)
    return changed, deleted


def _write_cursor(con: duckdb.DuckDBPyConnection, one: SalesforceObject, cursor: Cursor) -> None:
    write_cursor(con, SCHEMA, one.name, cursor)
