"""HubSpot: records by the CRM's lists and search, each there once, whatever the network does.

All records of an object are read by its list, page by page (a sweep); first to fill the table,
then every week to compare. In between, search finds what was modified in closed windows. It goes on
by id, never by offset: neither the cap of 10,000 results nor equal time stamps lose a record. Each
page is merged by id, and then the place is kept in `raw_hubspot._cursors`, so that a load that was
killed goes on there, and a page that is merged twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.core.settings import Settings
from orchestration.sources.hubspot.client import (
    API_VERSION,
    HubSpotClient,
    HubSpotSettings,
    epoch_millis,
    object_path,
    search_filter,
)
from orchestration.sources.hubspot.objects import (
    NOT_EVERYWHERE,
    OBJECT_BY_NAME,
    REFERENCE_BY_TABLE,
    SCHEMA,
    SINGULAR,
    TABLES,
    VARIABLES,
    HubSpotObject,
    Record,
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
    merge_page,
    write_changed_months,
)
from orchestration.warehouse.connection import connect, quote

LOOK_BACK = dt.timedelta(minutes=30)  # search finds a change some time after it was made

SWEEP_EVERY = dt.timedelta(days=7)

SEARCH_ROWS = 200

LIST_ROWS = 100

HISTORY_ROWS = 50  # with the history of a property, lists and batches are half as long

SLICE_ROWS = 5_000  # merged, and the place kept, at once: merging page by page would be slower


@dataclass(frozen=True)
class Cursor:
    """How far an object is: complete up to `synced_to`; perhaps in the middle of something.

    A sweep is under way while it has a `sweep_from`, a window of search while it has a `window_to`.
    """

    fields: str = ""
    synced_to: str | None = None
    sweep_from: str | None = None
    sweep_after: str | None = None
    swept_at: str | None = None
    window_to: str | None = None
    window_id: str | None = None


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of `raw_hubspot`, so that every table can always be read."""
    create_crm_tables(con, SCHEMA, dict(TABLES), Cursor)
    con.execute(f"create table if not exists {SCHEMA}._seen (object_name varchar, id varchar)")


def select_properties(
    settings: HubSpotSettings, one: HubSpotObject, known: Iterable[str]
) -> Selected:
    """Which properties to ask for; what is optional and not there is named.

    Raises:
        ObjectFailed: a property is missing without which the object says nothing.
    """
    known = set(known)
    needed = (*one.required, one.stamp)
    missing = [name for name in needed if name not in known]
    if missing:
        raise ObjectFailed(
            f"{one.name}: the key does not see {', '.join(missing)}. Is the property's sensitivity "
            "or a missing scope the reason (docs/hubspot.md)?"
        )
    custom = custom_columns(settings.custom_fields, one.name)
    for name in custom.values():
        if name not in known:
            raise ObjectFailed(
                f"{one.name}: {VARIABLES}FIELDS names {name}, which does not exist or which the "
                "key does not see. Use the internal name of the property."
            )
    absent = [name for name in one.optional if name not in known]
    found = [name for name in (*needed, *one.optional) if name in known]
    warnings = [f"{one.name} has no {', '.join(absent)}, or the key does not see it"]
    told = [name for name in absent if name not in NOT_EVERYWHERE]
    return Selected({**{name: name for name in found}, **custom}, tuple(warnings) if told else ())


def load_hubspot(
    settings: Settings, client: HubSpotClient, *, full: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Bring what changed in HubSpot into `raw_hubspot`.

    An object that fails does not keep the others from being loaded; then the step fails, for a
    scorecard without its calls would be wrong.

    Raises:
        ScorecardError: names every object that failed, and what to do.
    """
    loads: list[TableLoad] = []
    failures: list[str] = []
    with connect(settings) as con:
        create_raw_tables(con)
        create_tables(con)
        load = _Load(con, settings, client, now)
        steps: list[Callable[[], TableLoad]] = [load.owners, load.stages]
        for name in client.settings.objects:
            steps.append(lambda one=OBJECT_BY_NAME[name]: load.object(one, full=full))  # type: ignore[misc]
        for step in steps:
            try:
                loads.append(step())
            except ObjectFailed as error:
                failures.append(str(error))
        loads += [
            load.record(table, 0, 0, 0) for table in ("deal_stage_history", "property_option")
        ]
    require_all_read("HubSpot", failures, len(steps))
    return loads


@dataclass
class _Load:
    """One load: where it writes to, whom it asks, and when it is."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    client: HubSpotClient
    now: dt.datetime

    def owners(self) -> TableLoad:
        """Read all owners; one whose user was deactivated is archived, and stays."""
        rows: list[Record] = []
        for archived in ("false", "true"):
            parameters = {"limit": "500", "archived": archived}
            for page in self.client.pages(f"crm/owners/{API_VERSION}", "owners", parameters):
                for owner in page:
                    teams = owner.get("teams") or []
                    primary = [team for team in teams if team.get("primary")] or teams
                    rows.append(
                        {
                            "id": str(owner["id"]),
                            "user_id": _text(owner.get("userId") or owner.get(
                                "userIdIncludingInactive")),
                            "email": owner.get("email"),
                            "first_name": owner.get("firstName"),
                            "last_name": owner.get("lastName"),
                            "team": primary[0].get("name") if primary else None,
                            "is_archived": archived,
                            "created_at": owner.get("createdAt"),
                            "updated_at": _stamp(owner.get("updatedAt")),
                        }
                    )  # fmt: skip
        return self.record("owner", len(rows), self._merge_reference("owner", rows), 0)

    def stages(self) -> TableLoad:
        """Read the stages of all pipelines; one that was removed stays, old deals name it."""
        rows: list[Record] = []
        path = f"crm/pipelines/{API_VERSION}/deals"
        for page in self.client.pages(path, "pipelines of deals", {}):
            for pipeline in page:
                for stage in pipeline["stages"]:
                    told = stage.get("metadata") or {}
                    rows.append(
                        {
                            "id": f"{pipeline['id']}/{stage['id']}",
                            "pipeline_id": str(pipeline["id"]),
                            "pipeline_label": pipeline.get("label"),
                            "label": stage.get("label"),
                            "is_closed": _text(told.get("isClosed")),
                            "probability": _text(told.get("probability")),
                            "updated_at": _stamp(stage.get("updatedAt")),
                        }
                    )
        return self.record(
            "pipeline_stage", len(rows), self._merge_reference("pipeline_stage", rows), 0
        )

    def object(self, one: HubSpotObject, *, full: bool) -> TableLoad:
        """Bring one object up to date: by a sweep when one is due, by search, and what is gone."""
        properties = self.client.properties(one.name)
        types = {str(each["name"]): str(each.get("type")) for each in properties}
        selected = select_properties(self.client.settings, one, types)
        note_fields(self.con, SCHEMA, one.table, types, self.now)
        self._merge_reference(
            "property_option",
            [
                {"id": f"{one.name}/{each['name']}/{option['value']}", "object": one.name,
                 "property": each["name"], "value": option["value"], "label": option["label"]}
                for each in properties
                if each["name"] in one.labels
                for option in each.get("options") or []
            ],
        )  # fmt: skip
        cursor = read_cursor(self.con, SCHEMA, one.name, Cursor)
        if full or selected.gains(cursor.fields):  # old records lack what is asked for now
            cursor = Cursor()
        cursor = replace(cursor, fields=selected.text)
        rows, changed, deleted = 0, 0, 0
        swept_at = parse_moment(cursor.swept_at) if cursor.swept_at else None
        if cursor.sweep_from is not None or is_due(swept_at, SWEEP_EVERY, self.now):
            cursor, rows, changed, deleted = self._sweep(one, selected, cursor)
        # a window that an earlier load began ends before now: another follows it
        for _ in range(1 if cursor.window_to is None else 2):
            cursor, more, different = self._search(one, selected, cursor)
            rows, changed = rows + more, changed + different
        restored, archived = self._compare_archived(one, selected)
        return self.record(
            one.table, rows, changed + restored, deleted + archived, selected.warnings
        )

    def _sweep(
        self, one: HubSpotObject, selected: Selected, cursor: Cursor
    ) -> tuple[Cursor, int, int, int]:
        """Read all that is live; what is live in raw and was not among it was deleted."""
        if cursor.sweep_from is None:
            self.con.execute(f"delete from {SCHEMA}._seen where object_name = ?", [one.name])
            started = iso(self.client.server_time)
            cursor = replace(cursor, sweep_from=started, sweep_after=None, window_to=None)
            self._write_cursor(one, cursor)
        rows, changed = 0, 0
        after = cursor.sweep_after
        while True:
            slice_: list[dict[str, Any]] = []
            while len(slice_) < SLICE_ROWS:
                page, after = self.client.page(
                    object_path(one), one.name, self._list_parameters(one, selected), after
                )
                slice_ += page
                if after is None:
                    break
            changed += self._merge(one, selected, slice_)
            rows += len(slice_)
            cursor = replace(cursor, sweep_after=after)
            ids = [str(record["id"]) for record in slice_]
            self.con.execute(
                f"insert into {SCHEMA}._seen select ?, unnest(?::varchar[])", [one.name, ids]
            )
            if after is None:
                break
            self._write_cursor(one, cursor)
        unseen = self._ids(
            f"select id from {SCHEMA}.{one.table} where _is_deleted = 'false' and id not in"
            f" (select id from {SCHEMA}._seen where object_name = {quote(one.name)}) order by id"
        )
        # it may have been restored during the sweep: only what is missing now was deleted
        found, different = self._read_again(one, selected, unseen)
        deleted = self._mark_deleted(one, [i for i in unseen if i not in found], "purged")
        cursor = Cursor(cursor.fields, synced_to=cursor.sweep_from, swept_at=iso(self.now))
        self._write_cursor(one, cursor)
        return cursor, rows, changed + different, deleted

    def _search(
        self, one: HubSpotObject, selected: Selected, cursor: Cursor
    ) -> tuple[Cursor, int, int]:
        """Read what was modified in a window, by id; the records that came, and that differed."""
        assert cursor.synced_to is not None
        since = parse_moment(cursor.synced_to) - LOOK_BACK
        if cursor.window_to is None:
            window_to = iso(self.client.server_time)
            cursor = replace(cursor, window_to=window_to, window_id=None)
            self._write_cursor(one, cursor)
        assert cursor.window_to is not None
        until = parse_moment(cursor.window_to)
        rows, changed, is_over = 0, 0, False
        last = cursor.window_id or "0"
        while not is_over:
            slice_: list[dict[str, Any]] = []
            while not is_over and len(slice_) < SLICE_ROWS:
                filters = [
                    search_filter(one.stamp, "GTE", epoch_millis(since)),
                    search_filter(one.stamp, "LT", epoch_millis(until)),
                    search_filter("hs_object_id", "GT", last),
                ]
                body = {
                    "filterGroups": [{"filters": filters}],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": self._properties(selected),
                    "limit": SEARCH_ROWS,
                }
                page, total = self.client.search(one.name, body)
                self._complete(one, page)
                slice_ += page
                last = max((last, *(str(record["id"]) for record in page)), key=int)
                is_over = len(page) == total
            changed += self._merge(one, selected, slice_)
            rows += len(slice_)
            cursor = replace(cursor, window_id=last)
            if not is_over:
                self._write_cursor(one, cursor)
        cursor = replace(cursor, synced_to=cursor.window_to, window_to=None, window_id=None)
        self._write_cursor(one, cursor)
        return cursor, rows, changed

    def _compare_archived(self, one: HubSpotObject, selected: Selected) -> tuple[int, int]:
        """Mark what was archived, and read again what no longer is; how many of each."""
        archived: set[str] = set()
        parameters = {"limit": str(LIST_ROWS), "archived": "true", "properties": one.stamp}
        for page in self.client.pages(object_path(one), one.name, parameters):
            archived |= {str(record["id"]) for record in page}
        before = set(self._ids(f"select id from {SCHEMA}.{one.table} where is_archived = 'true'"))
        back = sorted(before - archived)
        found, changed = self._read_again(one, selected, back)
        self._mark_deleted(one, [i for i in back if i not in found], "purged")
        # one that a sweep missed may be archived too: only then it is read again when it is back
        return changed, self._mark_deleted(one, sorted(archived), "true")

    def _read_again(
        self, one: HubSpotObject, selected: Selected, ids: Sequence[str]
    ) -> tuple[set[str], int]:
        """Read records by their ids: those that are there, and how many differed."""
        found: set[str] = set()
        changed = 0
        size = HISTORY_ROWS if one.history else LIST_ROWS
        for start in range(0, len(ids), size):
            body = {
                "properties": self._properties(selected),
                "propertiesWithHistory": [one.history] if one.history else [],
            }
            page = self.client.read(one.name, ids[start : start + size], body)
            self._complete(one, page, with_history=False)
            changed += self._merge(one, selected, page)
            found |= {str(record["id"]) for record in page}
        return found, changed

    def _complete(
        self, one: HubSpotObject, page: list[dict[str, Any]], *, with_history: bool = True
    ) -> None:
        """Add to records what search does not tell: associations, and history."""
        ids = [str(record["id"]) for record in page]
        for to in one.associations if ids else ():
            others = self.client.associated(one.name, to, ids)
            for record in page:
                found = [{"id": other} for other in others.get(str(record["id"]), ())]
                record.setdefault("associations", {})[to] = {"results": found}
        if one.history and with_history:
            told: dict[str, Any] = {}
            body = {"properties": [one.stamp], "propertiesWithHistory": [one.history]}
            for start in range(0, len(ids), HISTORY_ROWS):
                for record in self.client.read(one.name, ids[start : start + HISTORY_ROWS], body):
                    told[str(record["id"])] = record.get("propertiesWithHistory")
            for record in page:
                record["propertiesWithHistory"] = told.get(str(record["id"]))

    def _list_parameters(self, one: HubSpotObject, selected: Selected) -> dict[str, str]:
        parameters = {
            "limit": str(HISTORY_ROWS if one.history else LIST_ROWS),
            "archived": "false",
            "properties": ",".join(self._properties(selected)),
        }
        if one.associations:
            parameters["associations"] = ",".join(one.associations)
        if one.history:
            parameters["propertiesWithHistory"] = one.history
        return parameters

    @staticmethod
    def _properties(selected: Selected) -> list[str]:
        return sorted(set(selected.by_column.values()))

    def _merge(self, one: HubSpotObject, selected: Selected, page: list[dict[str, Any]]) -> int:
        """Merge a page: history first, then the records, then what was merged into them."""
        for to in one.associations:  # of many associations a list tells only the first
            cut = [str(r["id"]) for r in page if _associated(r, to).get("paging")]
            others = self.client.associated(one.name, to, cut) if cut else {}
            for record in page:
                if str(record["id"]) in others:
                    ids = others[str(record["id"])]
                    record["associations"][to] = {"results": [{"id": other} for other in ids]}
        if one.history:
            self._merge_reference(
                "deal_stage_history",
                [
                    {"id": f"{record['id']}/{past['timestamp']}/{past['value']}",
                     "deal_id": str(record["id"]), "stage_id": past["value"],
                     "changed_at": _stamp(past["timestamp"])}
                    for record in page
                    for past in (record.get("propertiesWithHistory") or {}).get(one.history, [])
                    if past.get("value")
                ],
            )  # fmt: skip
        rows: list[Record] = []
        for record in page:
            told = record["properties"]
            cells: Record = {
                column: _text(told.get(name)) for column, name in selected.by_column.items()
            }
            cells |= {"id": str(record["id"]), "is_archived": "false",
                      one.stamp: _stamp(told[one.stamp])}  # fmt: skip
            for to in one.associations:
                ids = {str(other["id"]) for other in _associated(record, to).get("results", [])}
                cells[f"{SINGULAR[to]}_ids"] = ";".join(sorted(ids, key=int)) or None
            rows.append(cells)
        changed = self._merge_rows(one.table, one.columns, one.stamp, rows, one.dated_by)
        gone = {
            merged
            for row in rows
            for merged in (row.get("hs_merged_object_ids") or "").split(";")
            if merged and merged != row["id"]
        }
        self._mark_deleted(one, sorted(gone), "purged")
        return changed

    def _merge_reference(self, table: str, rows: list[Record]) -> int:
        # they are read whole or never change: the latest rows are right
        return self._merge_rows(table, REFERENCE_BY_TABLE[table].columns, "id", rows, ())

    def _merge_rows(
        self,
        table: str,
        columns: tuple[str, ...],
        stamp: str,
        rows: list[Record],
        dated_by: tuple[str, ...],
    ) -> int:
        """Merge rows into a raw table; how many were new or differed."""
        if not rows:
            return 0
        cells = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns}
        modified = quote(iso(self.now)) if stamp == "id" else f"left({stamp}, 19) || 'Z'"
        return merge_page(
            self.con,
            self.settings,
            pa.table(cells),
            schema=SCHEMA,
            table=table,
            columns=columns,
            stamp=stamp,
            incoming=(
                f"select *, {modified} as _modified_at, 'false' as _is_deleted,"
                f" {quote(iso(self.now))} as _extracted_at from page"
            ),
            dated_by=dated_by,
        )

    def _mark_deleted(self, one: HubSpotObject, ids: Sequence[str], how: str) -> int:
        """Mark records as deleted that are archived, or are no longer there; how many were live."""
        if not ids:
            return 0
        raw = f"{SCHEMA}.{one.table}"
        self.con.execute("create or replace temp table gone as select unnest(?::varchar[]) as id",
                         [list(ids)])  # fmt: skip
        rows = f"select * from {raw} where _is_deleted = 'false' and id in (from gone)"
        deleted = int(self.con.execute(f"select count(*) from ({rows})").fetchall()[0][0])
        self.con.execute("begin transaction")
        if deleted:
            write_changed_months(self.con, [f"({rows})"], one.dated_by)
        self.con.execute(
            f"update {raw} set is_archived = $1, _is_deleted = 'true', _modified_at = $2,"
            " _extracted_at = $2 where id in (from gone) and is_archived is distinct from $1",
            [how, iso(self.now)],
        )
        self.con.execute("commit")
        self.con.execute("drop table gone")
        return deleted

    def _ids(self, sql: str) -> list[str]:
        return [row[0] for row in self.con.execute(sql).fetchall()]

    def record(
        self,
        table: str,
        rows: int,
        changed: int,
        deleted: int,
        warnings: Sequence[str] = (),
    ) -> TableLoad:
        """Note a load, and say what it did."""
        return record_load(
            self.con,
            SCHEMA,
            table,
            table,
            rows=rows,
            changed=changed,
            deleted=deleted,
            warnings=warnings,
            now=self.now,
        )

    def _write_cursor(self, one: HubSpotObject, cursor: Cursor) -> None:
        write_cursor(self.con, SCHEMA, one.name, cursor)


def _associated(record: Mapping[str, Any], to: str) -> dict[str, Any]:
    found: dict[str, Any] = (record.get("associations") or {}).get(to) or {}
    return found


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or value == "" else str(value)


def _stamp(text: str | None) -> str:
    """A time stamp with milliseconds, so that text compares as time does."""
    if not text:
        return "1970-01-01T00:00:00.000Z"
    return parse_moment(text).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
