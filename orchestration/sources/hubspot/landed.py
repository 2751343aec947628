"""HubSpot as Fivetran, Airbyte or dlt landed it, brought into the same raw tables.

Their forms differ more than Salesforce's: properties are columns with a prefix or lie in one JSON
column; associations are tables of their own or lists; stages, teams and former stages lie here and
there; what was archived or merged is elsewhere. A view shows a place as if each raw table lay there
in the plain form, which `landed` then reads like any other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.canonical import Column, ColumnType
from orchestration.sources.hubspot.client import HubSpotSettings
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
from orchestration.sources.landed.matching import (
    SYNCED,
    LandedColumn,
    LandedTable,
    do_without,
    landed_as,
    normalise,
)
from orchestration.sources.landed.places import (
    MOMENT,
    Found,
    Only,
    Place,
    Since,
    identifier,
    open_place,
)
from orchestration.sources.shared.crm import note_fields, record_load, require_all_read
from orchestration.sources.shared.load import TableLoad, create_raw_tables, iso, merge_records
from orchestration.warehouse.connection import connect, quote, working_folder

SETTING = f"{VARIABLES}LANDED_IN"
MADE = "made"  # the type of a column that the view makes
ACTIVITIES = ("calls", "emails", "meetings", "tasks")
OUTCOMES = "calls/hs_call_disposition"
LOSER = "trim(split_part(merged, ':', 1))"  # some say when it was merged as well

# the names a landed table may have, by raw table, the usual one first
NAMES: Mapping[str, tuple[str, ...]] = {
    "user": ("users", "user"),
    "company": ("company", "companies"),
    "contact": ("contact", "contacts"),
    "deal": ("deal", "deals"),
    "deal_split": ("deal_splits", "deal_split"),
    "goal_target": ("goals", "goal_targets", "goal_target"),
    **{
        one[:-1]: (f"engagement_{one[:-1]}", f"engagements_{one}", one, one[:-1])
        for one in ACTIVITIES
    },
    "owner": ("owner", "owners"),
    "pipeline_stage": ("deal_pipeline_stage", "deal_pipeline_stages", "deal_pipelines",
                       "pipelines_deals"),
    "deal_stage_history": ("deal_stage", "deal_property_history", "deals_property_history"),
    "property_option": ("property_option", "property_options"),
}  # fmt: skip
# tables without which scorecards are still right, and what is then left empty
LEFT_EMPTY = {
    "user": "job titles and time zones of reps stay empty",
    "deal_stage_history": "no change of a deal's stage is counted",
    "property_option": "HubSpot's own names for the outcomes of calls are used",
}
# other names of properties, last choice
OTHERWISE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("deal", "hubspot_owner_id"): ("owner_id",),
    ("deal", "dealstage"): ("deal_pipeline_stage_id",),
    ("deal", "pipeline"): ("deal_pipeline_id",),
    ("user", "hs_internal_user_id"): ("id", "user_id"),
}
OF_ANY: Mapping[str, tuple[str, ...]] = {
    "createdate": ("created_at",),
    "hs_createdate": ("created_at",),
    "hs_lastmodifieddate": ("updated_at",),
    "lastmodifieddate": ("updated_at",),
    "hs_merged_object_ids": (
        "properties_hs_calculated_merged_vids", "property_hs_calculated_merged_vids",
    ),
}  # fmt: skip
_MOMENTS = {
    "createdate", "closedate", "lastmodifieddate", "hs_lastmodifieddate", "hs_timestamp",
    "hs_createdate", "hs_meeting_start_time", "hs_meeting_end_time", "hs_task_completion_date",
    "hs_lifecyclestage_opportunity_date", "hs_lifecyclestage_customer_date", "hs_start_datetime",
    "hs_end_datetime", "changed_at", "created_at", "updated_at",
}  # fmt: skip
_TYPES: Mapping[str, ColumnType] = {
    **dict.fromkeys(_MOMENTS, "timestamp"),
    **dict.fromkeys(("amount", "numberofemployees", "annualrevenue", "hs_call_duration",
                     "hs_deal_split_percentage", "hs_target_amount", "probability"), "number"),
    **dict.fromkeys(("custom_hire_date", "custom_end_date"), "date"),
    **dict.fromkeys(("hs_is_closed", "hs_is_closed_won", "is_closed", "is_archived"), "boolean"),
}  # fmt: skip
# the outcomes of calls that every account has, by the id that HubSpot documents
DISPOSITIONS = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
}


@dataclass(frozen=True)
class _Cell:
    """A column that a view shows: SQL over `base` and the sides, and what it needs of them."""

    sql: str
    needs: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    type: str = MADE


@dataclass(frozen=True)
class _Side:
    """What another table knows of the records; `sql` selects from `{}` with their id as `id`.

    `key` is the column with the id of a record; a side without one is always read whole.
    """

    found: Found
    sql: str
    columns: tuple[str, ...]
    key: str = ""
    synced: str = ""
    only: Only = None


@dataclass(frozen=True)
class _Shown:
    """A table as a view shows it: made of one that was landed, and of others beside it.

    A row is told apart by `keys`, columns of the landed table; the first names the record. `step`
    selects from the landed table, and from those `beside` it, where a row of it is not a row.
    """

    base: Found
    keys: tuple[str, ...]
    cells: Mapping[str, _Cell]
    sides: Mapping[str, _Side] = field(default_factory=dict)
    only: Only = None
    step: str = "select * from {}"
    needs: tuple[str, ...] = ()
    beside: Mapping[str, tuple[Found, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class _View:
    """A place in which one table looks as raw tables do."""

    place: Place
    show: Callable[[Place, Found], _Shown]

    @property
    def name(self) -> str:
        return self.place.name

    def tables(self) -> list[str]:
        return self.place.tables()

    def find(self, table: str) -> Found:
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
        shown: _Shown = found.relation
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
        base = self.place.relation(
            shown.base, list(dict.fromkeys(needs)), since, path, only or shown.only
        )
        steps = []
        for name, (table, some) in shown.beside.items():
            lying = self.place.relation(table, some, None, path.with_name(f"{name}.parquet"))
            steps.append(f"{name} as (select * from {lying})")
        steps.append(f"base as ({shown.step.replace('{}', base)})")
        joins = []
        for name, side in used.items():
            wanted = replace(since, key=side.key) if since and side.key else None
            relation = self.place.relation(
                side.found, side.columns, wanted, path.with_name(f"{name}.parquet"), side.only
            )
            steps.append(f"{name} as ({side.sql.replace('{}', relation)})")
            joins.append(f"left join {name} on {_text(shown.keys[0])} = {name}.id")
        made = ", ".join(f"{cell.sql} as {identifier(name)}" for name, cell in cells.items())
        return f"(with {', '.join(steps)} select {made} from base {' '.join(joins)})"

    def state(
        self, found: Found, keys: Sequence[str], latest: str, only: Only = None
    ) -> tuple[int, str]:
        shown: _Shown = found.relation
        is_there = latest in shown.base.columns
        return self.place.state(
            shown.base, shown.keys, latest if is_there else shown.keys[0], only or shown.only
        )

    def fields(self, found: Found, column: str) -> list[str]:
        return self.place.fields(found, column)


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
        _reference_table("owner", ("id", "email"), _owners),
        _reference_table("pipeline_stage", ("id", "pipeline_id", "label"), _stages),
        *(object_table(chosen, OBJECT_BY_NAME[name]) for name in chosen.objects),
        _reference_table("deal_stage_history", ("id", "deal_id", "stage_id", "changed_at"),
                         _history),
        _reference_table("property_option", ("id", "value", "label"), _options),
    ]  # fmt: skip


def object_table(chosen: HubSpotSettings, one: HubSpotObject) -> LandedTable:
    """Under which names an object and its properties may have been landed."""
    ids = ("id", f"{one.table}_id", *(("engagement_id",) if one.name in ACTIVITIES else ()),
           *_prefixed("hs_object_id"))  # fmt: skip
    columns = [LandedColumn(Column("id", required=True), ids)]
    for name in (*one.required, *one.optional, one.stamp):
        others = (*OTHERWISE.get((one.table, name), ()), *OF_ANY.get(name, ()))
        raw = Column(name, _TYPES.get(name, "text"), name in one.required)
        is_usual = name not in (*NOT_EVERYWHERE, one.stamp)
        columns.append(LandedColumn(raw, (*_prefixed(name), *others), is_usual, name))
    for name in one.associations:
        column = f"{SINGULAR[name]}_ids"
        columns.append(LandedColumn(Column(column), (column,)))
    for name in one.custom:
        named = chosen.custom_fields.get((one.name, name))
        type_ = _TYPES.get(f"custom_{name}", "text")
        raw = Column(f"custom_{name}", type_, required=named is not None)
        columns.append(LandedColumn(raw, _prefixed(named) if named else (), title=named or ""))
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
        lambda place: _View(place, lambda place, base: _object(place, base, one, ids)),
    )


def _reference_table(
    table: str, required: Sequence[str], show: Callable[[Place, Found], _Shown]
) -> LandedTable:
    columns = tuple(
        LandedColumn(Column(name, _TYPES.get(name, "text"), name in required), (name,), False)
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
        lambda place: _View(place, show),
    )


def _object(place: Place, base: Found, one: HubSpotObject, ids: Sequence[str]) -> _Shown:
    """An object: its columns, properties within JSON, and what other tables say of its records."""
    cells = {name: _landed(name, type_) for name, type_ in base.columns.items()}
    properties = _pick(base, "properties")
    if properties:
        known = {normalise(name) for name in base.columns}
        for name in place.fields(base, properties):
            if normalise(f"properties_{name}") not in known:
                path = quote(f'$."{name}"')
                text = f"json_extract_string({_json(properties)}, {path})"
                cells[f"properties_{name}"] = _Cell(text, (properties,))
    key = _pick(base, *ids)
    if not key:
        return _as_it_is(base)
    sides: dict[str, _Side] = {}
    for to in one.associations:
        _associate(place, base, one, to, cells, sides)
    _find_archive(place, base, ids, cells, sides)
    _find_merged(place, base, one, key, cells, sides)
    return _Shown(base, (key,), cells, sides)


def _associate(
    place: Place,
    base: Found,
    one: HubSpotObject,
    to: str,
    cells: dict[str, _Cell],
    sides: dict[str, _Side],
) -> None:
    """Ids of associated records: a list in the table itself, or a table of pairs."""
    column = f"{SINGULAR[to]}_ids"
    if listed := _pick(base, to):
        cells[column] = _Cell(_joined(f"from_json({_json(listed)}, '[\"VARCHAR\"]')"), (listed,))
        return
    start = "engagement" if one.name in ACTIVITIES else one.table
    for table in landed_as(place.tables(), [f"{start}_{SINGULAR[to]}"]):
        pairs = place.find(table)
        here, there = _pick(pairs, f"{start}_id"), _pick(pairs, f"{SINGULAR[to]}_id")
        gone, active = _pick(pairs, "_fivetran_deleted"), _pick(pairs, "_fivetran_active")
        if here and there:
            is_live = f"not coalesce({_flag(gone)}, false) and coalesce({_flag(active)}, true)"
            sides[f"to_{to}"] = _Side(
                pairs,
                f"select {_text(here)} as id, {_joined(f'list({identifier(there)})')} as ids"
                f" from {{}} as base where {is_live} group by 1",
                tuple(filter(None, (here, there, gone, active))),
                here,
                _pick(pairs, *SYNCED),
            )
            cells[column] = _Cell(f"to_{to}.ids", sides=(f"to_{to}",))


def _find_archive(
    place: Place,
    base: Found,
    ids: Sequence[str],
    cells: dict[str, _Cell],
    sides: dict[str, _Side],
) -> None:
    """Airbyte lands archived records in a table beside, and leaves the live ones as they were."""
    for table in landed_as(place.tables(), [f"{base.name}_archived"]):
        archive = place.find(table)
        key, when, synced = _pick(archive, *ids), _pick(archive, *SYNCED), _pick(base, *SYNCED)
        if key and when and synced:
            sides["archive"] = _Side(
                archive,
                f"select {_text(key)} as id, max({_of_base(when)}) as synced"
                " from {} as base group by 1",
                (key, when),
                key,
                when,
            )
            cells["_in_archive"] = _Cell(
                f"coalesce(archive.synced >= {_of_base(synced)}, false)", (synced,), ("archive",)
            )


def _find_merged(
    place: Place,
    base: Found,
    one: HubSpotObject,
    key: str,
    cells: dict[str, _Cell],
    sides: dict[str, _Side],
) -> None:
    """Records that were merged into others: as those say, or in a table beside."""
    names = (*_prefixed("hs_merged_object_ids"), *OF_ANY["hs_merged_object_ids"])
    by_name = {normalise(name): cell for name, cell in cells.items()}
    cell = next((by_name[normalise(n)] for n in names if normalise(n) in by_name), None)
    if cell:
        sides["merged"] = _Side(
            base,
            f"select distinct {LOSER} as id from (select {_text(key)} as winner,"
            f" unnest(string_split(cast({cell.sql} as varchar), ';')) as merged from {{}} as base)"
            f" where {LOSER} not in ('', winner)",
            tuple(dict.fromkeys((key, *cell.needs))),
            only=(cell.needs[0], None),
        )
    for table in landed_as(place.tables(), [f"merged_{one.table}"]):
        merged = place.find(table)
        if loser := _pick(merged, f"merged_{one.table}_id"):
            sides["merged_before"] = _Side(
                merged,
                f"select distinct {_text(loser)} as id from {{}} as base",
                (loser,),
                loser,
                _pick(merged, *SYNCED),
            )
    away = tuple(name for name in ("merged", "merged_before") if name in sides)
    if away:
        is_away = " or ".join(f"{name}.id is not null" for name in away)
        cells["_merged_away"] = _Cell(is_away, sides=away)


def _teams(
    place: Place, base: Found, beside: dict[str, tuple[Found, tuple[str, ...]]]
) -> tuple[str, str]:
    """SQL of the primary team of an owner, else of any, and what has to be joined for it."""
    if teams := _pick(base, "teams"):
        kind = """'[{"name":"VARCHAR","primary":"VARCHAR","membership":"VARCHAR"}]'"""
        some = f"from_json({_json(teams)}, {kind})"
        is_primary = "one.\"primary\" = 'true' or upper(one.membership) = 'PRIMARY'"
        return f"coalesce([one.name for one in {some} if {is_primary}][1], {some}[1].name)", ""
    teams_of_owners = _one_of(place, "owner_team", f"{base.name}__teams")
    if not teams_of_owners:
        return "null", ""
    of = _pick(teams_of_owners, "owner_id", "_dlt_parent_id")
    primary = _pick(teams_of_owners, "is_team_primary", "primary")
    id_, name = _pick(teams_of_owners, "team_id"), _pick(teams_of_owners, "name")
    owner = _pick(base, "_dlt_id" if normalise(of) == "dltparentid" else "owner_id", "id")
    named = _one_of(place, "team", "teams") if id_ and not name else None
    key, title = (_pick(named, "id", "team_id"), _pick(named, "name")) if named else ("", "")
    if not (of and owner and (name or (key and title))):
        return "null", ""
    beside["owner_teams"] = (teams_of_owners, tuple(filter(None, (of, primary, id_, name))))
    names = f"owner_teams.{identifier(name)}" if name else f"team_names.{identifier(title)}"
    joined = "owner_teams"
    if named:
        beside["team_names"] = (named, (key, title))
        pair = f"owner_teams.{identifier(id_)} = team_names.{identifier(key)}"
        joined += f" inner join team_names on {pair}"
    return "their.team", (
        f" left join (select owner_teams.{identifier(of)} as owner_id,"
        f" first({names} order by {_flag(primary)} desc nulls last) as team from {joined}"
        f" group by 1) as their on {_of_base(owner)} = their.owner_id"
    )


def _owners(place: Place, base: Found) -> _Shown:
    """Owners, the archived ones too, each with the primary team."""
    beside: dict[str, tuple[Found, tuple[str, ...]]] = {}
    team, joined = _teams(place, base, beside)

    def rows(table: Found, relation: str, team: str, joined: str, gone: str) -> str:
        flags = ("archived", "is_archived", "is_deleted", "_fivetran_deleted")
        is_gone = [f"coalesce({_flag(_pick(table, name))}, false)" for name in flags]
        is_gone.append(f"not coalesce({_flag(_pick(table, 'is_active'))}, true)")
        users = ("user_id", "active_user_id", "user_id_including_inactive")
        return (
            f"select {_first(table, 'id', 'owner_id')} as id, {_first(table, *users)} as user_id,"
            f" {_first(table, 'email')} as email, {_first(table, 'first_name')} as first_name,"
            f" {_first(table, 'last_name')} as last_name, {team} as team,"
            f" {' or '.join([gone, *is_gone])} as is_archived,"
            f" {_moment(_first(table, 'created_at'))} as created_at,"
            f" {_moment(_first(table, 'updated_at'))} as updated_at from {relation} as base{joined}"
        )

    def needed(table: Found) -> tuple[str, ...]:
        wanted = ("id", "owner_id", "user_id", "active_user_id", "user_id_including_inactive",
                  "email", "first_name", "last_name", "archived", "is_archived", "is_deleted",
                  "_fivetran_deleted", "is_active", "created_at", "updated_at", "teams",
                  "_dlt_id")  # fmt: skip
        return tuple(column for name in wanted if (column := _pick(table, name)))

    step = rows(base, "{}", team, joined, "false")
    if archive := _one_of(place, f"{base.name}_archived"):
        beside["archive"] = (archive, needed(archive))
        step = (
            f"select * from ({step} union all {rows(archive, 'archive', 'null', '', 'true')})"
            " qualify row_number() over (partition by id order by is_archived) = 1"
        )
    return _reference(base, "owner", needed(base), step, beside)


def _stages(place: Place, base: Found) -> _Shown:
    """Stages: a table of them, a list in the table of pipelines, or dlt's table of the list."""
    beside: dict[str, tuple[Found, tuple[str, ...]]] = {}
    pipeline, label = _pick(base, "pipeline_id", "id"), _pick(base, "label")
    stages, closed = _pick(base, "stages"), _pick(base, "is_closed")
    dlt_id, children = _pick(base, "_dlt_id"), _one_of(place, f"{base.name}__stages")
    if stages and pipeline:
        kind = (
            """'[{"stageId":"VARCHAR","id":"VARCHAR","label":"VARCHAR","updatedAt":"VARCHAR","""
            """"metadata":{"isClosed":"VARCHAR","probability":"VARCHAR"}}]'"""
        )
        listed = f"unnest(from_json({_json(stages)}, {kind})) as stage"
        step = _stage_rows(
            f"(select *, {listed} from {{}} as base) as base",
            _text(pipeline),
            _of_base(label),
            'coalesce(base.stage."stageId", base.stage.id)',
            "base.stage.label",
            'base.stage.metadata."isClosed"',
            "base.stage.metadata.probability",
            'base.stage."updatedAt"',
        )
        return _reference(base, "pipeline_stage", (pipeline, label, stages), step, beside)
    if children and dlt_id and pipeline:
        parts = {name: _pick(children, name) for name in (
            "_dlt_parent_id", "id", "label", "metadata__is_closed", "metadata__probability",
            "updated_at")}  # fmt: skip
        beside["children"] = (children, tuple(filter(None, parts.values())))
        cell = {name: f"children.{identifier(c)}" if c else "null" for name, c in parts.items()}
        step = _stage_rows(
            f"{{}} as base inner join children on {_of_base(dlt_id)} = {cell['_dlt_parent_id']}",
            _text(pipeline),
            _of_base(label),
            cell["id"],
            cell["label"],
            cell["metadata__is_closed"],
            cell["metadata__probability"],
            cell["updated_at"],
        )
        return _reference(base, "pipeline_stage", (pipeline, label, dlt_id), step, beside)
    stage, probability = _pick(base, "stage_id"), _pick(base, "probability")
    if not stage or not pipeline:
        return _as_it_is(base)
    joined, name = "", "null"
    if pipelines := _one_of(place, "deal_pipeline"):
        id_, named = _pick(pipelines, "pipeline_id", "id"), _pick(pipelines, "label")
        if id_ and named:
            beside["pipelines"] = (pipelines, (id_, named))
            name = f"pipelines.{identifier(named)}"
            joined = f" left join pipelines on {_of_base(pipeline)} = pipelines.{identifier(id_)}"
    step = _stage_rows(
        f"{{}} as base{joined}",
        _text(pipeline),
        name,
        _text(stage),
        _of_base(label),
        _of_base(closed),
        _of_base(probability),
        _first(base, "updated_at"),
    )
    needs = (pipeline, stage, label, closed, probability, _pick(base, "updated_at"))
    return _reference(base, "pipeline_stage", needs, step, beside)


def _stage_rows(relation: str, pipeline: str, pipeline_label: str, stage: str, label: str,
                closed: str, probability: str, updated: str) -> str:  # fmt: skip
    share = f"cast({probability} as double)"
    return (
        f"select {pipeline} || '/' || {stage} as id, {pipeline} as pipeline_id,"
        f" {pipeline_label} as pipeline_label, {label} as label,"
        # who does not say it lets the probability tell: only closed deals are certain
        f" coalesce(try_cast({closed} as boolean), {share} in (0, 1)) as is_closed,"
        f" cast({probability} as varchar) as probability, {_moment(updated)} as updated_at"
        f" from {relation}"
    )


def _history(_: Place, base: Found) -> _Shown:
    """The stages that deals came into: a table of those, or of all properties."""
    deal = _pick(base, "deal_id", "hs_object_id")
    value, at = _pick(base, "value"), _pick(base, "date_entered", "timestamp", "_fivetran_start")
    named, synced = _pick(base, "name", "property", "property_name"), _pick(base, *SYNCED)
    if not deal or not value or not at:
        return _as_it_is(base)
    is_of_stages = normalise(base.name) == "dealstage"
    moment = _moment(_of_base(at))
    cells = {
        "id": _Cell(f"{_text(deal)} || '/' || {moment} || '/' || {_of_base(value)}"),
        "deal_id": _Cell(_text(deal)),
        "stage_id": _Cell(_of_base(value)),
        "changed_at": _Cell(moment),
    }
    if synced:
        cells[synced] = _landed(synced, base.columns[synced])
    return _Shown(
        base,
        (deal, at, value),
        cells,
        only=None if is_of_stages or not named else (named, "dealstage"),
        step=f"select * from {{}} where {identifier(value)} is not null",
    )


def _options(place: Place, base: Found) -> _Shown:
    """The names of the outcomes of calls, as Fivetran lands them."""
    value, label, of = (_pick(base, n) for n in ("value", "label", "property_id"))
    properties = _one_of(place, "property")
    id_ = _pick(properties, "_fivetran_id", "id") if properties else ""
    name = _pick(properties, "name") if properties else ""
    if not (properties and id_ and name and value and label and of):
        columns = REFERENCE_BY_TABLE["property_option"].columns
        none = ", ".join(f"cast(null as varchar) as {column}" for column in columns)
        first = next(iter(base.columns))
        return _reference(base, "property_option", (first,), f"select {none} where false", {})
    step = (
        f"select '{OUTCOMES}/' || {_of_base(value)} as id, 'calls' as object,"
        f" 'hs_call_disposition' as property, {_of_base(value)} as value,"
        f" {_of_base(label)} as label from {{}} as base inner join properties"
        f" on {_of_base(of)} = properties.{identifier(id_)}"
        f" where properties.{identifier(name)} = 'hs_call_disposition'"
    )
    return _reference(
        base, "property_option", (value, label, of), step, {"properties": (properties, (id_, name))}
    )


def _as_it_is(base: Found) -> _Shown:
    """A table in which something needed is missing; who reads it says what."""
    return _Shown(base, (), {name: _landed(name, type_) for name, type_ in base.columns.items()})


def _reference(
    base: Found,
    table: str,
    needs: tuple[str, ...],
    step: str,
    beside: Mapping[str, tuple[Found, tuple[str, ...]]],
) -> _Shown:
    """A small table, whose columns the step selects; it is read whole each time."""
    cells = {name: _Cell(_of_base(name)) for name in REFERENCE_BY_TABLE[table].columns}
    some = tuple(filter(None, needs))
    return _Shown(base, some[:1], cells, step=step, needs=some, beside=beside)


def _mark_merged(con: duckdb.DuckDBPyConnection, table: LandedTable, now: dt.datetime) -> int:
    """Mark as deleted what a record that was just read says was merged into it; how many."""
    if not any(column.raw.name == "hs_merged_object_ids" for column in table.columns):
        return 0
    raw = f"{SCHEMA}.{table.raw}"
    gone = (
        f"_is_deleted = 'false' and id in (select {LOSER} from (select id as winner,"
        f" unnest(string_split(hs_merged_object_ids, ';')) as merged from {raw}"
        f" where _is_deleted = 'false') where {LOSER} <> winner)"
    )
    count = int(con.execute(f"select count(*) from {raw} where {gone}").fetchall()[0][0])
    if count:
        con.execute(
            f"update {raw} set _is_deleted = 'true', _modified_at = $1, _extracted_at = $1"
            f" where {gone}",
            [iso(now)],
        )
    return count


def _write_dispositions(
    con: duckdb.DuckDBPyConnection, settings: Settings, now: dt.datetime
) -> int:
    """Name the outcomes of calls that every account has, where nobody landed their names."""
    rows = ", ".join(
        f"('{OUTCOMES}/{value}', 'calls', 'hs_call_disposition', '{value}', '{label}')"
        for value, label in DISPOSITIONS.items()
    )
    columns = REFERENCE_BY_TABLE["property_option"].columns
    with working_folder(settings) as folder:
        return merge_records(
            con,
            settings,
            schema=SCHEMA,
            table="property_option",
            columns=columns,
            key="id",
            stamp=None,
            incoming=(
                f"select *, '{iso(now)}' as _modified_at, 'false' as _is_deleted,"
                f" '{iso(now)}' as _extracted_at from (values {rows}) as t ({', '.join(columns)})"
                f" where id not in (select id from {SCHEMA}.property_option)"
            ),
            dated_by=(),
            folder=Path(folder),
        )


def _prefixed(name: str) -> tuple[str, ...]:
    """A property as Airbyte, Fivetran, and dlt name its column."""
    return (f"properties_{name}", f"property_{name}", name)


def _one_of(place: Place, *names: str) -> Found | None:
    named = landed_as(place.tables(), names)
    return place.find(named[0]) if named else None


def _pick(found: Found, *names: str) -> str:
    """The first column of a table that bears one of these names; empty when there is none."""
    known = {normalise(name): name for name in reversed(list(found.columns))}
    return next((known[normalise(name)] for name in names if normalise(name) in known), "")


def _first(found: Found, *names: str) -> str:
    """SQL of the first value of these columns, as text."""
    cells = [_text(column) for name in names if (column := _pick(found, name))]
    return f"coalesce({', '.join([*cells, 'null'])})"


def _landed(name: str, type_: str) -> _Cell:
    """A column as it is; some tools land ids as numbers with decimals."""
    is_id = normalise(name).endswith("id")
    return _Cell(_text(name) if is_id else _of_base(name), (name,), type=type_)


def _of_base(column: str) -> str:
    return f"base.{identifier(column)}" if column else "null"


def _text(column: str) -> str:
    return f"regexp_replace(cast({_of_base(column)} as varchar), '\\.0+$', '')"


def _json(column: str) -> str:
    return f"cast({_of_base(column)} as json)"


def _flag(column: str) -> str:
    return f"try_cast({identifier(column) if column else 'null'} as boolean)"


def _joined(ids: str) -> str:
    """Ids as raw tables write them: each once, by number, with semicolons between."""
    numbers = f"list_sort(list_distinct([try_cast(one as bigint) for one in {ids}]))"
    return f"nullif(array_to_string([cast(one as varchar) for one in {numbers}], ';'), '')"


def _moment(sql: str) -> str:
    """A moment as raw tables write it; HubSpot's older interfaces count milliseconds."""
    text = f"cast({sql} as varchar)"
    offset = f"regexp_replace({text}, '([+-]\\d\\d)(\\d\\d)$', '\\1:\\2')"
    return (
        f"strftime(case when regexp_full_match({text}, '\\d{{12,13}}(\\.0*)?')"
        f" then make_timestamp_ms(cast(cast({text} as double) as bigint))"
        f" else cast(try_cast({offset} as timestamptz) as timestamp) end, '{MOMENT}')"
    )
