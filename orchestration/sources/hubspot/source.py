"""HubSpot as a source: load, poll and check with the settings of the environment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from orchestration.core.settings import Settings
from orchestration.sources.hubspot.client import (
    API_VERSION,
    HubSpotClient,
    HubSpotSettings,
    epoch_millis,
    object_path,
    search_filter,
)
from orchestration.sources.hubspot.load import LOOK_BACK, load_hubspot, select_properties
from orchestration.sources.hubspot.objects import (
    OBJECT_BY_NAME,
    OBJECTS,
    OLDEST_DAY,
    REFERENCES,
    REP_IDENTITY,
    SCHEMA,
    TIME_ZONES,
    HubSpotObject,
)
from orchestration.sources.registry import CheckedObject, Source
from orchestration.sources.shared.crm import (
    ObjectFailed,
    parse_moment,
    require_all_found,
    unread,
)
from orchestration.sources.shared.load import (
    TableLoad,
    iso,
)


@lru_cache(maxsize=1)
def _client(known: HubSpotSettings) -> HubSpotClient:
    """One client for all that this process asks, so that it keeps one pace."""
    return HubSpotClient(known)


def poll(settings: Settings, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How many records were modified since a moment, and when the last one was, by object.

    The moment is one window before the poll that `seen` was, so that changes which search finds
    late change the number. The first poll counts only what lies before its own moment: what is
    modified later may not be in the windows that the refresh after it reads. Landed tables are
    asked for all their records.

    Raises:
        ConfigError: the key is missing, or HubSpot does not accept it.
        ScorecardError: HubSpot cannot be reached, or refuses.
    """
    chosen = HubSpotSettings.from_environment()
    if chosen.landed_in:
        from orchestration.sources.hubspot import landed

        return landed.poll(settings, chosen)
    client = _client(chosen)
    names = [name for name in client.settings.objects if OBJECT_BY_NAME[name].is_watched]
    if not seen:
        client.properties(names[0])  # for the time that it is there
    until: str | None = None if seen else iso(client.server_time)
    since: str = seen["since"] if seen else iso(client.server_time - LOOK_BACK)
    found = {}
    for name in names:
        stamp = OBJECT_BY_NAME[name].stamp
        filters = [search_filter(stamp, "GTE", epoch_millis(parse_moment(since)))]
        if until is not None:
            filters.append(search_filter(stamp, "LT", epoch_millis(parse_moment(until))))
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": stamp, "direction": "DESCENDING"}],
            "properties": [stamp],
            "limit": 1,
        }
        rows, total = client.search(name, body)
        found[name] = [total, rows[0]["properties"][stamp] if rows else None]
    return {"since": since, "found": found}


def load(
    settings: Settings, *, full: bool = False, quarantine: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Load with the key of the environment; of objects that are not read, nothing.

    `quarantine` changes nothing: only files have rows that can be set aside.

    Raises:
        ConfigError: the key is missing, or HubSpot does not accept it.
        ScorecardError: an object cannot be read.
    """
    chosen = HubSpotSettings.from_environment()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    if chosen.landed_in:
        from orchestration.sources.hubspot import landed

        loads = landed.load(settings, chosen, full=full, now=now)
    else:
        loads = load_hubspot(settings, _client(chosen), full=full, now=now)
    return [*loads, *(unread(one.table) for one in OBJECTS if one.name not in chosen.objects)]


def check(settings: Settings) -> tuple[str, list[str]]:
    """What is there to be read, and what is missing but not needed.

    Raises:
        ScorecardError: HubSpot or the landed tables cannot be reached, or something is missing.
    """
    chosen = HubSpotSettings.from_environment()
    if not chosen.landed_in:
        return check_hubspot(HubSpotClient(chosen))
    from orchestration.sources.hubspot import landed

    return landed.check(chosen)


def check_hubspot(client: HubSpotClient) -> tuple[str, list[str]]:
    """Look at every object; what is there, and what is missing but not needed.

    Raises:
        ScorecardError: HubSpot cannot be reached, or something needed is missing.
    """
    warnings: list[str] = []
    failures: list[str] = []

    def owners() -> None:
        client.page(f"crm/owners/{API_VERSION}", "owners", {"limit": "1"}, None)

    def stages() -> None:
        client.page(f"crm/pipelines/{API_VERSION}/deals", "pipelines of deals", {}, None)

    def look_at(one: HubSpotObject) -> None:
        names = [str(each["name"]) for each in client.properties(one.name)]
        warnings.extend(select_properties(client.settings, one, names).warnings)
        client.page(object_path(one), one.name, {"limit": "1"}, None)

    steps: list[Callable[[], None]] = [owners, stages]
    for name in client.settings.objects:
        steps.append(lambda one=OBJECT_BY_NAME[name]: look_at(one))  # type: ignore[misc]
    for step in steps:
        try:
            step()
        except ObjectFailed as error:
            failures.append(str(error))
    require_all_found("HubSpot", failures)
    left = f"; {client.calls_left}" if client.calls_left else ""
    return f"HubSpot: {len(client.settings.objects)} objects can be read{left}.", warnings


# the objects of which some records are created on every working day
_CREATED = {"deals": "createdate", "calls": "hs_timestamp", "meetings": "hs_timestamp"}

SOURCE = Source(
    name="hubspot",
    schema=SCHEMA,
    tables={
        **{one.table: () for one in REFERENCES},
        **{one.table: one.dated_by for one in OBJECTS},
    },
    load=load,
    poll=poll,
    check=check,
    oldest_day=OLDEST_DAY,
    time_zones=TIME_ZONES,
    rep_identity=REP_IDENTITY,
    checked_objects=(
        *(
            CheckedObject(one.table, one.table, one.table, changed="", has_fields=False)
            for one in REFERENCES
        ),
        *(
            CheckedObject(
                one.name,
                one.table,
                loaded_as=one.table,
                changed=one.stamp,
                created=_CREATED.get(one.name, ""),
            )
            for one in OBJECTS
        ),
    ),
)
