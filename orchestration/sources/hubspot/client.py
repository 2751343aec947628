"""HubSpot's API: lists, search, batches and associations, at a pace that every account allows."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from orchestration.core.environment import Environment
from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.sources.shared.crm import (
    ObjectFailed,
    custom_fields,
    named_objects,
)
from orchestration.sources.shared.http import RESERVED_CALLS, ApiClient, json_object

if TYPE_CHECKING:
    from requests import Response, Session
from orchestration.sources.hubspot.objects import (
    NOT_UNLESS_NAMED,
    OBJECT_BY_NAME,
    OBJECTS,
    VARIABLES,
    HubSpotObject,
)

API_VERSION = "2026-09"

ASSOCIATED_IDS = 1_000

# calls in a stretch of seconds: below the 100 in 10 s, and 5 in 1 s, that every account has
PACE = {"search": (4, 1.0), "other": (90, 10.0)}

URL = "https://api.hubapi.com"


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
        read = Environment.read(environ)
        chosen = cls(
            service_key=read.hubspot_service_key.get_secret_value(),
            url=read.hubspot_url.rstrip("/") or URL,
            objects=_objects(read.hubspot_objects),
            custom_fields=custom_fields(
                read.hubspot_fields, f"{VARIABLES}FIELDS", OBJECTS, "meetings.outcome=result"
            ),
            landed_in=read.hubspot_landed_in,
        )
        if chosen.landed_in:
            return replace(chosen, service_key="", url=URL)
        if not re.fullmatch(r"https://[^/?#@\s]+|http://127\.0\.0\.1:\d+", chosen.url):
            raise ConfigError(
                f"{VARIABLES}URL: '{chosen.url}' is not the address of an API. Leave it empty for "
                f"{URL}."
            )
        if not chosen.service_key:
            raise ConfigError(
                f"{VARIABLES}SERVICE_KEY is missing: a service key with the scopes that "
                "docs/hubspot.md lists."
            )
        if not re.fullmatch(r"[\x21-\x7e]+", chosen.service_key):
            raise ConfigError(
                f"{VARIABLES}SERVICE_KEY has a blank or a sign that no key has. Copy it again."
            )
        return chosen


def _objects(text: str) -> tuple[str, ...]:
    required = [one.name for one in OBJECTS if one.is_required]
    names = named_objects(text, f"{VARIABLES}OBJECTS", list(OBJECT_BY_NAME), required)
    return names or tuple(name for name in OBJECT_BY_NAME if name not in NOT_UNLESS_NAMED)


class HubSpotClient(ApiClient):
    """Asks at a bearable pace, and knows what HubSpot's errors mean. `sleep` is for tests."""

    def __init__(
        self,
        settings: HubSpotSettings,
        session: Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare without asking anything yet."""
        super().__init__(session, sleep, clock)
        self.settings = settings
        self.calls_left = ""
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
        self._keep_pace(kind)
        known = self.settings
        response = self.send(method, known.url, path, known.service_key, **more)
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
    """Map an error response to the exception to raise."""
    said = json_object(response)
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


def object_path(one: HubSpotObject) -> str:
    """The path of an object in the API."""
    return f"crm/objects/{API_VERSION}/{one.name}"


def search_filter(name: str, operator: str, value: str) -> dict[str, str]:
    """A filter of a search request."""
    return {"propertyName": name, "operator": operator, "value": value}


def epoch_millis(moment: dt.datetime) -> str:
    """A moment in milliseconds since 1970, as search wants it."""
    return str(int(moment.timestamp() * 1000))
