"""Salesforce as a source: load, poll and check with the settings of the environment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from orchestration.core.settings import Settings
from orchestration.sources.registry import CheckedObject, Source
from orchestration.sources.salesforce.client import (
    SalesforceClient,
    SalesforceSettings,
    soql_moment,
)
from orchestration.sources.salesforce.landed import landed_table, load_landed_salesforce
from orchestration.sources.salesforce.load import LOOK_BACK, load_salesforce, select_fields
from orchestration.sources.salesforce.objects import (
    OBJECT_BY_NAME,
    OBJECTS,
    OLDEST_DAY,
    REP_IDENTITY,
    SCHEMA,
    TIME_ZONES,
    VARIABLES,
)
from orchestration.sources.shared.crm import (
    ObjectFailed,
    require_all_found,
    unread,
)
from orchestration.sources.shared.load import (
    TableLoad,
)


@lru_cache(maxsize=1)
def _client(known: SalesforceSettings) -> SalesforceClient:
    """One client for all that this process asks, so that it signs in once."""
    return SalesforceClient(known)


def poll(settings: Settings, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How many records were stamped since a moment, and when the last one was, by object.

    The moment is one window before the poll that `seen` was, so that records which are committed
    late change the number. The first poll counts only what lies before its own moment: what is
    stamped later may not be in the windows that the refresh after it reads. Landed tables are asked
    for all their records.

    Raises:
        ConfigError: the credentials are not complete, or Salesforce does not accept them.
        ScorecardError: the org cannot be reached, or refuses.
    """
    chosen = SalesforceSettings.from_environment()
    names = [name for name in chosen.objects if OBJECT_BY_NAME[name].is_watched]
    if chosen.landed_in:
        from orchestration.sources.landed.load import poll_landed

        tables = [landed_table(chosen, OBJECT_BY_NAME[name]) for name in names]
        return poll_landed(settings, f"{VARIABLES}LANDED_IN", chosen.landed_in, tables)
    client = _client(chosen)
    if seen:
        return {**seen, "found": client.count_changes(names, seen["since"], None)}
    client.check_limits()
    since, until = soql_moment(client.server_time - LOOK_BACK), soql_moment(client.server_time)
    return {"since": since, "found": client.count_changes(names, since, until)}


def load(
    settings: Settings, *, full: bool = False, quarantine: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Load with the credentials of the environment; of objects that are not read, nothing.

    `quarantine` changes nothing: only files have rows that can be set aside.

    Raises:
        ConfigError: the credentials are not complete, or Salesforce does not accept them.
        ScorecardError: an object cannot be read.
    """
    chosen = SalesforceSettings.from_environment()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    if chosen.landed_in:
        loads = load_landed_salesforce(settings, chosen, full=full, now=now)
    else:
        loads = load_salesforce(settings, _client(chosen), full=full, now=now)
    return [*loads, *(unread(one.table) for one in OBJECTS if one.name not in chosen.objects)]


def check(settings: Settings) -> tuple[str, list[str]]:
    """What is there to be read, and what is missing but not needed.

    Raises:
        ScorecardError: the org or the landed tables cannot be reached, or something is missing.
    """
    chosen = SalesforceSettings.from_environment()
    if not chosen.landed_in:
        return check_salesforce(SalesforceClient(chosen))
    from orchestration.sources.landed.load import check_landed

    tables = [landed_table(chosen, OBJECT_BY_NAME[name]) for name in chosen.objects]
    return check_landed(f"{VARIABLES}LANDED_IN", chosen.landed_in, tables)


def check_salesforce(client: SalesforceClient) -> tuple[str, list[str]]:
    """Sign in and look at every object; what is there, and what is missing but not needed.

    Raises:
        ScorecardError: the org cannot be reached, or something needed is missing.
    """
    left = client.check_limits()
    warnings: list[str] = []
    failures: list[str] = []
    for one in (OBJECT_BY_NAME[name] for name in client.settings.objects):
        try:
            selected = select_fields(client.settings, one, client.describe(one.name))
            warnings += selected.warnings
        except ObjectFailed as error:
            failures.append(str(error))
    require_all_found("Salesforce", failures)
    return f"Salesforce: {len(client.settings.objects)} objects can be read; {left}.", warnings


SOURCE = Source(
    name="salesforce",
    schema=SCHEMA,
    tables={one.table: one.dated_by for one in OBJECTS},
    load=load,
    poll=poll,
    check=check,
    oldest_day=OLDEST_DAY,
    time_zones=TIME_ZONES,
    rep_identity=REP_IDENTITY,
    checked_objects=tuple(
        CheckedObject(
            one.name,
            one.table,
            loaded_as=one.name,
            changed="system_modstamp",
            created="created_date" if one.name in ("Opportunity", "Task", "Event") else "",
        )
        for one in OBJECTS
    ),
)
