"""Small tables of HubSpot, which differ most by tool: owners, stages, former stages, outcomes."""

from __future__ import annotations

from orchestration.core.sql import render_sql
from orchestration.sources.hubspot.landed.view import (
    Cell,
    Shown,
    as_it_is,
    as_landed,
    first_of,
    flag_of,
    json_of,
    moment_of,
    of_base,
    one_of,
    pick,
    reference,
    text_of,
)
from orchestration.sources.hubspot.objects import REFERENCE_BY_TABLE
from orchestration.sources.landed.matching import SYNCED, normalise
from orchestration.sources.landed.places import Found, Place, identifier

OUTCOMES = "calls/hs_call_disposition"

_Tables = dict[str, tuple[Found, tuple[str, ...]]]

_KNOWN_OF_OWNERS = (
    "id", "owner_id", "user_id", "active_user_id", "user_id_including_inactive", "email",
    "first_name", "last_name", "archived", "is_archived", "is_deleted", "_fivetran_deleted",
    "is_active", "created_at", "updated_at", "teams", "_dlt_id",
)  # fmt: skip


def show_owners(place: Place, base: Found) -> Shown:
    """Owners, the archived ones too, each with the primary team."""
    beside: _Tables = {}
    owner, teams = _owner(base, "false"), {}
    if listed := pick(base, "teams"):
        owner["team"] = _first_team(listed)
    elif teams := _team_tables(place, base, beside):
        owner["team"] = "teams.team"
    archived = None
    if archive := one_of(place, f"{base.name}_archived"):
        beside["archive"] = (archive, _needed_of_owners(archive))
        archived = _owner(archive, "true")
    step = render_sql(
        __package__,
        "owners",
        owner=owner,
        archived_owner=archived,
        teams=render_sql(__package__, "owner_teams", **teams) if teams else "",
        team_owner=teams.get("owner", ""),
    )
    return reference(base, "owner", _needed_of_owners(base), step, beside)


def _owner(table: Found, is_gone: str) -> dict[str, str]:
    """SQL of an owner's columns, but for the team."""
    gone = [
        f"coalesce({flag_of(pick(table, name))}, false)"
        for name in ("archived", "is_archived", "is_deleted", "_fivetran_deleted")
    ]
    gone.append(f"not coalesce({flag_of(pick(table, 'is_active'))}, true)")
    return {
        "id": first_of(table, "id", "owner_id"),
        "user_id": first_of(table, "user_id", "active_user_id", "user_id_including_inactive"),
        "email": first_of(table, "email"),
        "first_name": first_of(table, "first_name"),
        "last_name": first_of(table, "last_name"),
        "team": "null",
        "is_archived": " or ".join([is_gone, *gone]),
        "created_at": moment_of(first_of(table, "created_at")),
        "updated_at": moment_of(first_of(table, "updated_at")),
    }


def _needed_of_owners(table: Found) -> tuple[str, ...]:
    return tuple(column for name in _KNOWN_OF_OWNERS if (column := pick(table, name)))


def _first_team(teams: str) -> str:
    """SQL of the primary team in a list of them, else of any."""
    kind = """'[{"name":"VARCHAR","primary":"VARCHAR","membership":"VARCHAR"}]'"""
    some = f"from_json({json_of(teams)}, {kind})"
    is_primary = "one.\"primary\" = 'true' or upper(one.membership) = 'PRIMARY'"
    return f"coalesce([one.name for one in {some} if {is_primary}][1], {some}[1].name)"


def _team_tables(place: Place, base: Found, beside: _Tables) -> dict[str, str]:
    """What `owner_teams.sql` needs to find teams in tables of their own; nothing without them."""
    teams_of_owners = one_of(place, "owner_team", f"{base.name}__teams")
    if not teams_of_owners:
        return {}
    of = pick(teams_of_owners, "owner_id", "_dlt_parent_id")
    primary = pick(teams_of_owners, "is_team_primary", "primary")
    id_, name = pick(teams_of_owners, "team_id"), pick(teams_of_owners, "name")
    owner = pick(base, "_dlt_id" if normalise(of) == "dltparentid" else "owner_id", "id")
    named = one_of(place, "team", "teams") if id_ and not name else None
    key, title = (pick(named, "id", "team_id"), pick(named, "name")) if named else ("", "")
    if not (of and owner and (name or (key and title))):
        return {}
    beside["owner_teams"] = (teams_of_owners, tuple(filter(None, (of, primary, id_, name))))
    if named:
        beside["team_names"] = (named, (key, title))
    return {
        "owner": of_base(owner),
        "owner_id": identifier(of),
        "team_name": (
            f"owner_teams.{identifier(name)}" if name else f"team_names.{identifier(title)}"
        ),
        "is_primary": flag_of(primary),
        "team_id": identifier(id_),
        "team_key": identifier(key) if named else "",
    }


def show_stages(place: Place, base: Found) -> Shown:
    """Stages: a table of them, a list in the table of pipelines, or dlt's table of the list."""
    pipeline = pick(base, "pipeline_id", "id")
    if not pipeline:
        return as_it_is(base)
    children = one_of(place, f"{base.name}__stages")
    if stages := pick(base, "stages"):
        return _listed_stages(base, pipeline, stages)
    if children and (dlt_id := pick(base, "_dlt_id")):
        return _children_stages(base, pipeline, children, dlt_id)
    if stage := pick(base, "stage_id"):
        return _table_of_stages(place, base, pipeline, stage)
    return as_it_is(base)


def _listed_stages(base: Found, pipeline: str, stages: str) -> Shown:
    label = pick(base, "label")
    listed = render_sql(__package__, "listed_stages", stages=json_of(stages))
    step = render_sql(
        __package__,
        "stages",
        relation=f"({listed}) as base",
        pipeline=text_of(pipeline),
        pipeline_label=of_base(label),
        stage='coalesce(base.stage."stageId", base.stage.id)',
        label="base.stage.label",
        is_closed='base.stage.metadata."isClosed"',
        probability="base.stage.metadata.probability",
        updated_at=moment_of('base.stage."updatedAt"'),
    )
    return reference(base, "pipeline_stage", (pipeline, label, stages), step, {})


def _children_stages(base: Found, pipeline: str, children: Found, dlt_id: str) -> Shown:
    label = pick(base, "label")
    names = ("_dlt_parent_id", "id", "label", "metadata__is_closed", "metadata__probability",
             "updated_at")  # fmt: skip
    parts = {name: pick(children, name) for name in names}
    cell = {name: f"children.{identifier(c)}" if c else "null" for name, c in parts.items()}
    is_child = f"{of_base(dlt_id)} = {cell['_dlt_parent_id']}"
    step = render_sql(
        __package__,
        "stages",
        relation=f"landed as base inner join children on {is_child}",
        pipeline=text_of(pipeline),
        pipeline_label=of_base(label),
        stage=cell["id"],
        label=cell["label"],
        is_closed=cell["metadata__is_closed"],
        probability=cell["metadata__probability"],
        updated_at=moment_of(cell["updated_at"]),
    )
    beside = {"children": (children, tuple(filter(None, parts.values())))}
    return reference(base, "pipeline_stage", (pipeline, label, dlt_id), step, beside)


def _table_of_stages(place: Place, base: Found, pipeline: str, stage: str) -> Shown:
    beside: _Tables = {}
    label, closed = pick(base, "label"), pick(base, "is_closed")
    probability, updated = pick(base, "probability"), pick(base, "updated_at")
    relation, name = "landed as base", "null"
    if pipelines := one_of(place, "deal_pipeline"):
        id_, named = pick(pipelines, "pipeline_id", "id"), pick(pipelines, "label")
        if id_ and named:
            beside["pipelines"] = (pipelines, (id_, named))
            name = f"pipelines.{identifier(named)}"
            is_of = f"{of_base(pipeline)} = pipelines.{identifier(id_)}"
            relation += f" left join pipelines on {is_of}"
    step = render_sql(
        __package__,
        "stages",
        relation=relation,
        pipeline=text_of(pipeline),
        pipeline_label=name,
        stage=text_of(stage),
        label=of_base(label),
        is_closed=of_base(closed),
        probability=of_base(probability),
        updated_at=moment_of(first_of(base, "updated_at")),
    )
    needs = (pipeline, stage, label, closed, probability, updated)
    return reference(base, "pipeline_stage", needs, step, beside)


def show_history(_: Place, base: Found) -> Shown:
    """The stages that deals came into: a table of those, or of all properties."""
    deal = pick(base, "deal_id", "hs_object_id")
    value, at = pick(base, "value"), pick(base, "date_entered", "timestamp", "_fivetran_start")
    named, synced = pick(base, "name", "property", "property_name"), pick(base, *SYNCED)
    if not deal or not value or not at:
        return as_it_is(base)
    is_of_stages = normalise(base.name) == "dealstage"
    moment = moment_of(of_base(at))
    cells = {
        "id": Cell(f"{text_of(deal)} || '/' || {moment} || '/' || {of_base(value)}"),
        "deal_id": Cell(text_of(deal)),
        "stage_id": Cell(of_base(value)),
        "changed_at": Cell(moment),
    }
    if synced:
        cells[synced] = as_landed(synced, base.columns[synced])
    return Shown(
        base,
        (deal, at, value),
        cells,
        only=None if is_of_stages or not named else (named, "dealstage"),
        step=f"select * from landed where {identifier(value)} is not null",
    )


def show_outcomes(place: Place, base: Found) -> Shown:
    """The names of the outcomes of calls, as Fivetran lands them."""
    value, label, of = (pick(base, n) for n in ("value", "label", "property_id"))
    properties = one_of(place, "property")
    id_ = pick(properties, "_fivetran_id", "id") if properties else ""
    name = pick(properties, "name") if properties else ""
    if not (properties and id_ and name and value and label and of):
        columns = REFERENCE_BY_TABLE["property_option"].columns
        none = ", ".join(f"cast(null as varchar) as {column}" for column in columns)
        first = next(iter(base.columns))
        return reference(base, "property_option", (first,), f"select {none} where false", {})
    step = render_sql(
        __package__,
        "outcomes",
        prefix=OUTCOMES,
        value=of_base(value),
        label=of_base(label),
        property_id=of_base(of),
        property_key=identifier(id_),
        property_name=identifier(name),
    )
    return reference(
        base, "property_option", (value, label, of), step, {"properties": (properties, (id_, name))}
    )
