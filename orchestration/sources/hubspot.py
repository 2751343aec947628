"""HubSpot: records by the CRM's lists and search, each there once, whatever the network does.

All records of an object are read by its list, page by page (a sweep); first to fill the table,
then every week to compare. In between, search finds what was modified in closed windows. It goes on
by id, never by offset: neither the cap of 10,000 results nor equal time stamps lose a record. Each
page is merged by id, and then the place is kept in `raw_hubspot._cursors`, so that a load that was
killed goes on there, and a page that is merged twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import os
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.settings import Settings
from orchestration.sources.shared.crm import (
    ObjectFailed,
    Selected,
    create_crm_tables,
    custom_fields,
    named_objects,
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
    iso,
    merge_records,
    write_changed_months,
)
from orchestration.warehouse.connection import connect, quote, working_folder

if TYPE_CHECKING:
    from requests import Response, Session

SCHEMA = "raw_hubspot"
API_VERSION = "2026-09"
LOOK_BACK = dt.timedelta(minutes=30)  # search finds a change some time after it was made
SWEEP_EVERY = dt.timedelta(days=7)
SEARCH_ROWS = 200
LIST_ROWS = 100
HISTORY_ROWS = 50  # with the history of a property, lists and batches are half as long
ASSOCIATED_IDS = 1_000
SLICE_ROWS = 5_000  # merged, and the place kept, at once: merging page by page would be slower
# calls in a stretch of seconds: below the 100 in 10 s, and 5 in 1 s, that every account has
PACE = {"search": (4, 1.0), "other": (90, 10.0)}
# share of the day's API calls that is left to other programs
RESERVED_CALLS = 0.1
VARIABLES = "SCORECARD_HUBSPOT_"
URL = "https://api.hubapi.com"

Record = dict[str, str | None]


@dataclass(frozen=True)
class HubSpotObject:
    """What is read of an object: properties without which nothing works, and others.

    `associations`: objects whose ids are kept beside the record. `history`: a property whose
    former values are kept in a table of their own. `labels`: properties whose values are codes.
    `dated_by`: columns that place an activity in months.
    """

    name: str
    table: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()
    history: str = ""
    labels: tuple[str, ...] = ()
    dated_by: tuple[str, ...] = ()
    stamp: str = "hs_lastmodifieddate"
    is_required: bool = False
    is_watched: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the raw table besides those of ingestion."""
        return (
            "id",
            *self.required,
            *self.optional,
            self.stamp,
            *(f"{SINGULAR[name]}_ids" for name in self.associations),
            *(f"custom_{name}" for name in self.custom),
            "is_archived",
        )


SINGULAR = {"deals": "deal", "contacts": "contact", "companies": "company"}
_ACTIVITY = ("activity_type", "direction", "outcome")
_ANY = ("deals", "contacts", "companies")
OBJECTS: tuple[HubSpotObject, ...] = (
    HubSpotObject(
        "users",
        "user",
        ("hs_internal_user_id",),
        ("hs_job_title", "hs_standard_time_zone"),
        custom=("role", "team", "region", "tier", "calendar", "hire_date", "end_date"),
        is_watched=False,
    ),
    HubSpotObject(
        "companies",
        "company",
        ("name",),
        ("industry", "numberofemployees", "annualrevenue", "country", "hs_merged_object_ids"),
    ),
    HubSpotObject(
        "contacts",
        "contact",
        ("hubspot_owner_id", "createdate", "lifecyclestage"),
        ("associatedcompanyid", "hs_analytics_source", "industry", "country", "jobtitle",
         "hs_lead_status", "hs_lifecyclestage_opportunity_date",
         "hs_lifecyclestage_customer_date", "hs_merged_object_ids"),
        custom=("source",),
        stamp="lastmodifieddate",
    ),
    HubSpotObject(
        "deals",
        "deal",
        ("hubspot_owner_id", "dealstage", "pipeline", "amount", "closedate", "createdate"),
        ("dealtype", "deal_currency_code", "hs_is_closed", "hs_is_closed_won",
         "hs_primary_associated_company", "hs_merged_object_ids"),
        custom=("opportunity_type",),
        associations=("contacts", "companies"),
        history="dealstage",
        is_required=True,
    ),
    HubSpotObject(
        "deal_split",
        "deal_split",
        ("hs_deal_id", "hubspot_owner_id", "hs_deal_split_percentage"),
    ),
    HubSpotObject(
        "goal_targets",
        "goal_target",
        ("hs_goal_type", "hs_target_amount", "hs_start_datetime", "hs_end_datetime"),
        ("hubspot_owner_id", "hs_assignee_user_id", "hs_pipeline_ids",
         "hs_goal_target_currency_code", "hs_createdate"),
    ),
    HubSpotObject(
        "calls",
        "call",
        ("hubspot_owner_id", "hs_timestamp"),
        ("hs_call_direction", "hs_call_disposition", "hs_call_duration", "hs_call_status",
         "hs_activity_type", "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        labels=("hs_call_disposition",),
        dated_by=("hs_timestamp", "hs_createdate"),
    ),
    HubSpotObject(
        "emails",
        "email",
        ("hubspot_owner_id", "hs_timestamp"),
        ("hs_email_direction", "hs_email_status", "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        dated_by=("hs_timestamp", "hs_createdate"),
    ),
    HubSpotObject(
        "meetings",
        "meeting",
        ("hubspot_owner_id", "hs_timestamp"),
        ("hs_meeting_outcome", "hs_meeting_start_time", "hs_meeting_end_time", "hs_activity_type",
         "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        dated_by=("hs_meeting_start_time", "hs_timestamp", "hs_createdate"),
    ),
    HubSpotObject(
        "tasks",
        "task",
        ("hubspot_owner_id", "hs_timestamp", "hs_task_status"),
        ("hs_task_type", "hs_task_completion_date", "hs_createdate"),
        custom=_ACTIVITY,
        associations=_ANY,
        dated_by=("hs_task_completion_date", "hs_timestamp", "hs_createdate"),
    ),
)  # fmt: skip
OBJECT_BY_NAME = {one.name: one for one in OBJECTS}
# not every account has splits, and goals come from the policy where HubSpot's are not wanted
NOT_UNLESS_NAMED = ("deal_split", "goal_targets")

# HubSpot has them only in accounts with several currencies
NOT_EVERYWHERE = ("deal_currency_code", "hs_goal_target_currency_code")


@dataclass(frozen=True)
class Reference:
    """A small raw table that is no object: it is read whole, or comes with one."""

    table: str
    columns: tuple[str, ...]


REFERENCES: tuple[Reference, ...] = (
    Reference(
        "owner",
        ("id", "user_id", "email", "first_name", "last_name", "team", "is_archived",
         "created_at", "updated_at"),
    ),
    Reference(
        "pipeline_stage",
        ("id", "pipeline_id", "pipeline_label", "label", "is_closed", "probability", "updated_at"),
    ),
    Reference("deal_stage_history", ("id", "deal_id", "stage_id", "changed_at")),
    Reference("property_option", ("id", "object", "property", "value", "label")),
)  # fmt: skip
REFERENCE_BY_TABLE = {one.table: one for one in REFERENCES}
TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((one.table, one.columns) for one in REFERENCES),
    *((one.table, one.columns) for one in OBJECTS),
)

# what the reference tables depend on: the first day of any record, and the zones of users
OLDEST_DAY = (
    "select min(day) from ("
    + " union all ".join(
        f"select min(left({column}, 10)) as day from {SCHEMA}.{one.table}"
        for one in OBJECTS
        for column in one.dated_by or (("createdate",) if "createdate" in one.required else ())
    )
    + ")"
)
TIME_ZONES = f"select hs_standard_time_zone, id from {SCHEMA}.user"
# what decides to whom, and to which day, activities of old months belong
REP_IDENTITY = (
    "select owner.id, coalesce(lower(owner.email), ''), coalesce(users.hs_standard_time_zone, '')"
    f" from {SCHEMA}.owner as owner"
    f" left join {SCHEMA}.user as users on owner.user_id = users.hs_internal_user_id"
)


@dataclass(frozen=True)
class HubSpotSettings:
    """The key, and what to read; only ever from the environment.

    The key is left out of the text form, so that no message can show it.
    """

    service_key: str = field(default="", repr=False)
    url: str = URL
    objects: tuple[str, ...] = ()
    custom_fields: Mapping[tuple[str, str], str] = field(default_factory=dict, hash=False)
    landed_in: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> HubSpotSettings:
        """Read `SCORECARD_HUBSPOT_*`.

        Raises:
            ConfigError: something is missing or is not one of the allowed values.
        """
        env = os.environ if environ is None else environ

        def value(name: str) -> str:
            return (env.get(VARIABLES + name) or "").strip()

        fields = custom_fields(
            value("FIELDS"), f"{VARIABLES}FIELDS", OBJECTS, "meetings.outcome=result"
        )
        if value("LANDED_IN"):
            return cls(
                objects=_objects(value("OBJECTS")),
                custom_fields=fields,
                landed_in=value("LANDED_IN"),
            )
        url = value("URL").rstrip("/") or URL
        if not re.fullmatch(r"https://[^/?#@\s]+|http://127\.0\.0\.1:\d+", url):
            raise ConfigError(
                f"{VARIABLES}URL: '{url}' is not the address of an API. Leave it empty for {URL}."
            )
        if not value("SERVICE_KEY"):
            raise ConfigError(
                f"{VARIABLES}SERVICE_KEY is missing: a service key with the scopes that "
                "docs/hubspot.md lists."
            )
        if not re.fullmatch(r"[\x21-\x7e]+", value("SERVICE_KEY")):
            raise ConfigError(
                f"{VARIABLES}SERVICE_KEY has a blank or a sign that no key has. Copy it again."
            )
        return cls(
            service_key=value("SERVICE_KEY"),
            url=url,
            objects=_objects(value("OBJECTS")),
            custom_fields=fields,
        )


def _objects(text: str) -> tuple[str, ...]:
    required = [one.name for one in OBJECTS if one.is_required]
    names = named_objects(text, f"{VARIABLES}OBJECTS", list(OBJECT_BY_NAME), required)
    return names or tuple(name for name in OBJECT_BY_NAME if name not in NOT_UNLESS_NAMED)


class HubSpotClient:
    """Asks at a bearable pace, and knows what HubSpot's errors mean. `sleep` is for tests."""

    def __init__(
        self,
        settings: HubSpotSettings,
        session: Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare without asking anything yet."""
        if session is None:
            from orchestration.sources.shared.http import new_session

            session = new_session(sleep)
        self.settings = settings
        self.calls = 0
        self.calls_left = ""
        self.server_time = dt.datetime.fromtimestamp(clock(), dt.UTC)
        self._session = session
        self._sleep = sleep
        self._clock = clock
        self._recent: dict[str, deque[float]] = {kind: deque() for kind in PACE}

    def properties(self, name: str) -> list[dict[str, Any]]:
        """The properties that an object has.

        Raises:
            ObjectFailed: the key may not see the object.
        """
        found: list[dict[str, Any]] = self._ask(
            "GET", f"crm/properties/{API_VERSION}/{name}", name
        )["results"]
        return found

    def pages(
        self, path: str, about: str, parameters: Mapping[str, str]
    ) -> Iterator[list[dict[str, Any]]]:
        """All pages of a list."""
        after: str | None = None
        while True:
            page, after = self.page(path, about, parameters, after)
            yield page
            if after is None:
                break

    def page(
        self, path: str, about: str, parameters: Mapping[str, str], after: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """One page of a list, and where the next begins."""
        asked = {**parameters, **({"after": after} if after else {})}
        answer = self._ask("GET", path, about, params=asked)
        return answer["results"], (answer.get("paging") or {}).get("next", {}).get("after")

    def search(self, name: str, body: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
        """The first page of what a search finds, and how much it finds in all.

        Raises:
            ObjectFailed: the page comes incomplete again and again.
        """
        for _ in range(3):
            answer = self._ask(
                "POST", f"crm/objects/{API_VERSION}/{name}/search", name, kind="search", json=body
            )
            rows, total = answer["results"], int(answer["total"])
            if len(rows) == min(total, body["limit"]):
                return rows, total
        raise ObjectFailed(
            f"{name}: a page of results had {len(rows)} records where HubSpot counted {total}. "
            "Nothing of it was kept; refresh again."
        )

    def read(self, name: str, ids: Sequence[str], body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The records of those ids that there are."""
        inputs = {**body, "inputs": [{"id": one} for one in ids]}
        answer = self._ask(
            "POST", f"crm/objects/{API_VERSION}/{name}/batch/read", name, json=inputs
        )
        found: list[dict[str, Any]] = answer["results"]
        return found

    def associated(self, name: str, to: str, ids: Sequence[str]) -> dict[str, set[str]]:
        """The ids of associated records, by id."""
        found: dict[str, set[str]] = defaultdict(set)
        inputs = [{"id": one} for one in ids]
        while inputs:
            answer = self._ask(
                "POST",
                f"crm/associations/{API_VERSION}/{name}/{to}/batch/read",
                f"{name} to {to}",
                json={"inputs": inputs[:ASSOCIATED_IDS]},
            )
            inputs = inputs[ASSOCIATED_IDS:]
            for one in answer["results"]:
                from_id = str(one["from"]["id"])
                found[from_id] |= {str(other["toObjectId"]) for other in one["to"]}
                after = (one.get("paging") or {}).get("next", {}).get("after")
                if after:
                    inputs.append({"id": from_id, "after": after})
        return found

    def _ask(
        self, method: str, path: str, about: str, *, kind: str = "other", **more: Any
    ) -> dict[str, Any]:
        from requests import RequestException

        self._keep_pace(kind)
        self.calls += 1
        try:
            response = self._session.request(
                method,
                f"{self.settings.url}/{path}",
                headers={"Authorization": f"Bearer {self.settings.service_key}"},
                **more,
            )
        except RequestException as error:
            # the text of such an error has addresses in it, which is why only its kind is shown
            raise ScorecardError(
                f"{self.settings.url} cannot be reached or breaks off ({type(error).__name__}), "
                "after several attempts. What was read is kept; refresh again."
            ) from None
        if date := response.headers.get("Date"):
            self.server_time = email.utils.parsedate_to_datetime(date).astimezone(dt.UTC)
        if not response.ok:
            raise _refusal(response, about)
        self._spare(response.headers)
        answer: dict[str, Any] = response.json()
        return answer

    def _keep_pace(self, kind: str) -> None:
        calls, seconds = PACE[kind]
        recent = self._recent[kind]
        now = self._clock()
        while recent and recent[0] <= now - seconds:
            recent.popleft()
        if len(recent) >= calls:
            self._sleep(recent.popleft() + seconds - now)
            now = self._clock()
        recent.append(now)

    def _spare(self, headers: Mapping[str, str]) -> None:
        total = headers.get("X-HubSpot-RateLimit-Daily", "")
        left = headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if not total.isdigit() or not left.isdigit():
            return  # search does not say
        self.calls_left = f"{int(left):,} of {int(total):,} API calls of the day are left"
        if int(left) < int(total) * RESERVED_CALLS:
            raise ScorecardError(
                f"HubSpot: {self.calls_left}, and the last {RESERVED_CALLS:.0%} are left to other "
                "programs. What was read is kept; refresh again after midnight in the account's "
                "time zone."
            )


def _refusal(response: Response, about: str) -> ScorecardError:
    """What an answer means that is no good one."""
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    said = answer if isinstance(answer, dict) else {}
    status, message = response.status_code, str(said.get("message", "no reason given"))[:300]
    if status == 429:
        if said.get("policyName") == "DAILY":
            return ScorecardError(
                "HubSpot: the account's API calls of the day are used up. What was read is kept; "
                "refresh again after midnight in the account's time zone."
            )
        return ScorecardError(
            "HubSpot: too many calls, also after several attempts; other programs use the account "
            "at the same time. What was read is kept; refresh again."
        )
    if status == 401:
        return ConfigError(
            f"HubSpot does not accept {VARIABLES}SERVICE_KEY: it is wrong, expired, or was "
            "deleted. Create or rotate one (docs/hubspot.md)."
        )
    if status == 403:
        scopes = [
            scope
            for error in said.get("errors") or []
            for needed in (error.get("context") or {}).values()
            for scope in (needed if isinstance(needed, list) else [needed])
        ]
        what = f"the scope {' or '.join(sorted(set(scopes)))}" if scopes else "access"
        return ObjectFailed(
            f"{about}: the service key lacks {what}. Add it to the key (docs/hubspot.md), or "
            f"leave the object out of {VARIABLES}OBJECTS."
        )
    return ObjectFailed(f"{about}: HubSpot refuses ({status}: {message})")


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
    custom = {
        f"custom_{column}": name
        for (object_name, column), name in settings.custom_fields.items()
        if object_name == one.name
    }
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
        gained = set(selected.by_column.items()) - set(json.loads(cursor.fields or "{}").items())
        if full or gained:  # old records lack what is asked for now
            cursor = Cursor()
        cursor = replace(cursor, fields=json.dumps(selected.by_column, sort_keys=True))
        rows, changed, deleted = 0, 0, 0
        is_due = cursor.swept_at is None or parse_moment(cursor.swept_at) + SWEEP_EVERY <= self.now
        if cursor.sweep_from is not None or is_due:
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
                    _path(one), one.name, self._list_parameters(one, selected), after
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
        # it may have come back while the pages went by: only what is not there now was deleted
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
                    _filter(one.stamp, "GTE", _millis(since)),
                    _filter(one.stamp, "LT", _millis(until)),
                    _filter("hs_object_id", "GT", last),
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
        for page in self.client.pages(_path(one), one.name, parameters):
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
        # they are read whole, or never change: what was read last is right
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
        self.con.register("page", pa.table(cells))
        modified = quote(iso(self.now)) if stamp == "id" else f"left({stamp}, 19) || 'Z'"
        try:
            with working_folder(self.settings) as folder:
                return merge_records(
                    self.con,
                    self.settings,
                    schema=SCHEMA,
                    table=table,
                    columns=columns,
                    key="id",
                    stamp=stamp,
                    incoming=(
                        f"select *, {modified} as _modified_at, 'false' as _is_deleted,"
                        f" {quote(iso(self.now))} as _extracted_at from page"
                    ),
                    dated_by=dated_by,
                    folder=Path(folder),
                )
        finally:
            self.con.unregister("page")

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


@lru_cache(maxsize=1)
def _client(known: HubSpotSettings) -> HubSpotClient:
    """One client for all that this process asks, so that it keeps one pace."""
    return HubSpotClient(known)


def look(settings: Settings, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How many records were modified since a moment, and when the last one was, by object.

    The moment is one window before the look that `seen` was, so that changes which search finds
    late change the number. The first look counts only what lies before its own moment: what is
    modified later may not be in the windows that the refresh after it reads. Landed tables are
    asked for all their records.

    Raises:
        ConfigError: the key is missing, or HubSpot does not accept it.
        ScorecardError: HubSpot cannot be reached, or refuses.
    """
    chosen = HubSpotSettings.from_environment()
    if chosen.landed_in:
        from orchestration.sources import hubspot_landed

        return hubspot_landed.look(settings, chosen)
    client = _client(chosen)
    names = [name for name in client.settings.objects if OBJECT_BY_NAME[name].is_watched]
    if not seen:
        client.properties(names[0])  # for the time that it is there
    until: str | None = None if seen else iso(client.server_time)
    since: str = seen["since"] if seen else iso(client.server_time - LOOK_BACK)
    found = {}
    for name in names:
        stamp = OBJECT_BY_NAME[name].stamp
        filters = [_filter(stamp, "GTE", _millis(parse_moment(since)))]
        if until is not None:
            filters.append(_filter(stamp, "LT", _millis(parse_moment(until))))
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": stamp, "direction": "DESCENDING"}],
            "properties": [stamp],
            "limit": 1,
        }
        rows, total = client.search(name, body)
        found[name] = [total, rows[0]["properties"][stamp] if rows else None]
    return {"since": since, "found": found}


def load_from_environment(
    settings: Settings, *, full: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Load with the key of the environment; of objects that are not read, nothing.

    Raises:
        ConfigError: the key is missing, or HubSpot does not accept it.
        ScorecardError: an object cannot be read.
    """
    chosen = HubSpotSettings.from_environment()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    if chosen.landed_in:
        from orchestration.sources import hubspot_landed

        loads = hubspot_landed.load(settings, chosen, full=full, now=now)
    else:
        loads = load_hubspot(settings, _client(chosen), full=full, now=now)
    unread = [one for one in OBJECTS if one.name not in chosen.objects]
    return [*loads, *(TableLoad(one.table, 0, 0, 0, 0, 0, None, True) for one in unread)]


def check_from_environment() -> tuple[str, list[str]]:
    """What is there to be read, and what is missing but not needed.

    Raises:
        ScorecardError: HubSpot or the landed tables cannot be reached, or something is missing.
    """
    chosen = HubSpotSettings.from_environment()
    if not chosen.landed_in:
        return check_hubspot(HubSpotClient(chosen))
    from orchestration.sources import hubspot_landed

    return hubspot_landed.check(chosen)


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
        client.page(_path(one), one.name, {"limit": "1"}, None)

    steps: list[Callable[[], None]] = [owners, stages]
    for name in client.settings.objects:
        steps.append(lambda one=OBJECT_BY_NAME[name]: look_at(one))  # type: ignore[misc]
    for step in steps:
        try:
            step()
        except ObjectFailed as error:
            failures.append(f"- {error}")
    if failures:
        raise ConfigError("\n".join(["HubSpot: something is missing.", *failures]))
    left = f"; {client.calls_left}" if client.calls_left else ""
    return f"HubSpot: {len(client.settings.objects)} objects can be read{left}.", warnings


def _path(one: HubSpotObject) -> str:
    return f"crm/objects/{API_VERSION}/{one.name}"


def _associated(record: Mapping[str, Any], to: str) -> dict[str, Any]:
    found: dict[str, Any] = (record.get("associations") or {}).get(to) or {}
    return found


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or value == "" else str(value)


def _stamp(text: str | None) -> str:
    """A time stamp with milliseconds, so that text compares as time does."""
    if not text:
        return "1970-01-01T00:00:00.000Z"
    return parse_moment(text).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _millis(moment: dt.datetime) -> str:
    return str(int(moment.timestamp() * 1000))
