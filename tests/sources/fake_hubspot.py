"""A HubSpot on 127.0.0.1, as strict as the real one, with switches for everything that fails."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orchestration.sources.hubspot.client import API_VERSION
from orchestration.sources.hubspot.objects import NOT_EVERYWHERE, OBJECT_BY_NAME, OBJECTS
from tests.sources.fake_server import QuietServer, running

STAMP = "%Y-%m-%dT%H:%M:%S.000Z"
SCOPES = {
    "users": "crm.objects.users.read",
    "companies": "crm.objects.companies.read",
    "contacts": "crm.objects.contacts.read",
    "deals": "crm.objects.deals.read",
    "owners": "crm.objects.owners.read",
    "deal_split": "crm.dealsplits.read_write",
    "goal_targets": "crm.objects.goals.read",
    # activities come with the scope of contacts
    **dict.fromkeys(("calls", "emails", "meetings", "tasks"), "crm.objects.contacts.read"),
}


@dataclass
class Record:
    """A record as the account has it now, with all it ever was."""

    id: str
    properties: dict[str, str]
    versions: list[tuple[dt.datetime, dict[str, str]]] = field(default_factory=list)
    archived: bool = False
    associations: dict[str, set[str]] = field(default_factory=dict)
    history: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Account:
    """The records of an account, and how its API behaves."""

    key: str = "key"
    now: dt.datetime = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    properties: dict[str, dict[str, str]] = field(default_factory=dict)
    options: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    owners: list[dict[str, Any]] = field(default_factory=list)
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    max_rows: int = 200
    lag: dt.timedelta = dt.timedelta()  # until search knows of a change
    longest_search: int = 10_000
    daily: int = 250_000
    left: int = 240_000
    inline_associations: int = 100
    before_page: Any = None
    asked: list[str] = field(default_factory=list)
    properties_asked: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for one in OBJECTS:
            self.records.setdefault(one.name, {})
            names = ["hs_object_id", "hs_body_preview", one.stamp, *one.required, *one.optional]
            self.properties.setdefault(
                one.name, {n: "string" for n in names if n not in NOT_EVERYWHERE}
            )

    def put(self, name: str, record_id: str, /, **cells: str) -> None:
        """Create a record, or change cells of one; either is stamped."""
        with self.lock:
            stamp = self.now.strftime(STAMP)
            record = self.records[name].setdefault(record_id, Record(record_id, {}))
            stage = cells.get("dealstage")
            if stage and stage != record.properties.get("dealstage"):
                past = {"value": stage, "timestamp": stamp, "sourceType": "CRM_UI"}
                record.history.insert(0, past)
            record.properties.update(cells)
            record.properties.update({OBJECT_BY_NAME[name].stamp: stamp, "hs_object_id": record_id})
            record.versions.append((self.now, dict(record.properties)))

    def associate(self, name: str, record_id: str, to: str, *ids: str) -> None:
        """Associate a record with others."""
        self.records[name][record_id].associations.setdefault(to, set()).update(ids)

    def archive(self, name: str, record_id: str) -> None:
        """Delete a record; it stays in the list of the archived for 90 days."""
        with self.lock:
            self.records[name][record_id].archived = True

    def restore(self, name: str, record_id: str) -> None:
        """Take it back; its stamp is as it was."""
        with self.lock:
            self.records[name][record_id].archived = False

    def purge(self, name: str, record_id: str) -> None:
        """Delete a record for good: nothing is left of it."""
        with self.lock:
            self.records[name].pop(record_id, None)

    def merge(self, name: str, winner: str, loser: str) -> None:
        """Merge a record into another: it is gone, and its id is in a property of the other."""
        with self.lock:
            lost = self.records[name].pop(loser)
            former = [self.records[name][winner].properties.get("hs_merged_object_ids", "")]
            former += [lost.properties.get("hs_merged_object_ids", ""), loser]
            self.put(name, winner, hs_merged_object_ids=";".join(one for one in former if one))

    def indexed(self, record: Record) -> dict[str, str] | None:
        """The version of a record that search knows."""
        known = [cells for at, cells in record.versions if at <= self.now - self.lag]
        return known[-1] if known and not record.archived else None


class Refused(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"status": "error", "message": message, **more}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle(None)

    def do_POST(self) -> None:
        self._handle(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0)))))

    def _handle(self, body: Any) -> None:
        account = self.server.account
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        with account.lock:
            account.asked.append(address.path)
            fault = account.faults.pop(0) if account.faults else ""
        if fault == "reset":
            self.close_connection = True
            return
        headers: dict[str, str] = {}
        try:
            if fault.startswith("429"):
                headers = {"Retry-After": "1"} if fault == "429 later" else {}
                policy = "DAILY" if fault == "429 daily" else "TEN_SECONDLY_ROLLING"
                raise Refused(429, "You have reached your limit.", policyName=policy)
            if fault in ("500", "502"):
                raise Refused(int(fault), "internal error")
            with account.lock:
                status, answer = 200, self._answer(address.path, query, body, fault)
        except Refused as refused:
            status, answer = refused.status, refused.body
        self._send(status, json.dumps(answer).encode(), headers, fault)

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], fault: str) -> None:
        account = self.server.account
        self.send_response_only(status)
        self.send_header("Date", email.utils.format_datetime(account.now, usegmt=True))
        self.send_header("Content-Type", "application/json;charset=utf-8")
        if not self.path.endswith("/search"):
            self.send_header("X-HubSpot-RateLimit-Daily", str(account.daily))
            self.send_header("X-HubSpot-RateLimit-Daily-Remaining", str(account.left))
        for name, value in headers.items():
            self.send_header(name, value)
        if fault == "truncated":  # a whole answer, as far as HTTP can tell
            content = content[: len(content) * 2 // 3].rstrip(b"}]")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if fault == "slow":
            time.sleep(0.8)
        if fault == "reset in body":
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)
        self.wfile.flush()

    def _answer(self, path: str, query: Mapping[str, str], body: Any, fault: str) -> Any:
        account = self.server.account
        account.left -= 1
        if self.headers.get("Authorization") != f"Bearer {account.key}":
            raise Refused(401, "Authentication credentials not found.")
        routes = (
            ("GET", r"/crm/owners/(?P<version>[\w-]+)", self._owners),
            ("GET", r"/crm/pipelines/(?P<version>[\w-]+)/deals", self._pipelines),
            ("GET", r"/crm/properties/(?P<version>[\w-]+)/(?P<name>\w+)", self._properties),
            ("GET", r"/crm/objects/(?P<version>[\w-]+)/(?P<name>\w+)", self._list),
            ("POST", r"/crm/objects/(?P<version>[\w-]+)/(?P<name>\w+)/search", self._search),
            ("POST", r"/crm/objects/(?P<version>[\w-]+)/(?P<name>\w+)/batch/read", self._read),
            (
                "POST",
                r"/crm/associations/(?P<version>[\w-]+)/(?P<name>\w+)/(?P<to>\w+)/batch/read",
                self._associations,
            ),
        )
        for method, pattern, answer in routes:
            matched = re.fullmatch(pattern, path)
            if matched and method == self.command and matched["version"] == API_VERSION:
                found = {n: v for n, v in matched.groupdict().items() if n != "version"}
                name = found.get("name", "owners" if "/owners/" in path else "deals")
                if name not in SCOPES:
                    raise Refused(400, f"Unable to infer object type from: {name}")
                if name in account.forbidden:
                    raise Refused(
                        403,
                        "This app hasn't been granted all required scopes",
                        category="MISSING_SCOPES",
                        errors=[{"context": {"requiredGranularScopes": [SCOPES[name]]}}],
                    )
                if account.before_page and (method == "POST" or answer == self._list):
                    account.before_page()
                more: dict[str, Any] = {"query": query} if method == "GET" else {"body": body}
                result = answer(**found, **more)
                if fault == "missing row" and result.get("results"):
                    result["results"] = result["results"][:-1]
                return result
        raise Refused(404, f"resource not found: {path}")

    def _owners(self, query: Mapping[str, str]) -> Any:
        self._only(query, {"limit", "archived", "after"})
        if int(query["limit"]) > 500:
            raise Refused(400, "limit must be at most 500")
        wanted = query.get("archived", "false") == "true"
        return self._paged(
            [one for one in self.server.account.owners if one.get("archived", False) == wanted],
            query,
        )

    def _pipelines(self, query: Mapping[str, str]) -> Any:
        self._only(query, set())
        return {"results": self.server.account.pipelines}

    def _properties(self, name: str, query: Mapping[str, str]) -> Any:
        self._only(query, set())
        account = self.server.account
        return {
            "results": [
                {
                    "name": one,
                    "type": kind,
                    "options": [
                        {"label": label, "value": value}
                        for value, label in account.options.get((name, one), {}).items()
                    ],
                }
                for one, kind in account.properties[name].items()
            ]
        }

    def _list(self, name: str, query: Mapping[str, str]) -> Any:
        account = self.server.account
        self._only(
            query,
            {"limit", "archived", "after", "properties", "propertiesWithHistory", "associations"},
        )
        history = query.get("propertiesWithHistory", "")
        if int(query["limit"]) > (50 if history else 100):
            raise Refused(400, "the limit is too high")
        wanted = query.get("archived", "false") == "true"
        rows = sorted(
            (one for one in account.records[name].values() if one.archived == wanted),
            key=lambda one: int(one.id),
        )
        after = int(query.get("after", 0))
        rows = [one for one in rows if int(one.id) > after]
        size = min(int(query["limit"]), account.max_rows)
        names = [one for one in query.get("properties", "").split(",") if one]
        found = [self._record(name, one, names, history) for one in rows[:size]]
        for one, shown in zip(rows, found, strict=False):
            for to in [part for part in query.get("associations", "").split(",") if part]:
                ids = sorted(one.associations.get(to, ()), key=int)
                few = ids[: account.inline_associations]
                if ids:
                    told = {"results": [{"id": i, "type": f"{name}_to_{to}"} for i in few]}
                    cut = {"paging": {"next": {"after": few[-1]}}} if few != ids else {}
                    shown.setdefault("associations", {})[to] = told | cut
        more = {"paging": {"next": {"after": found[-1]["id"]}}} if len(rows) > size else {}
        return {"results": found, **more}

    def _search(self, name: str, body: Any) -> Any:
        account = self.server.account
        self._only(body, {"filterGroups", "sorts", "properties", "limit", "after", "query"})
        if body["limit"] > 200:
            raise Refused(400, "limit must be at most 200")
        if int(body.get("after", 0)) + body["limit"] > account.longest_search:
            raise Refused(400, "the results that a search gives are over")
        groups = body["filterGroups"]
        if len(groups) > 5 or any(len(group["filters"]) > 6 for group in groups):
            raise Refused(400, "too many filters")
        if len(body["sorts"]) > 1:
            raise Refused(400, "only one sort")
        used = [one["propertyName"] for group in groups for one in group["filters"]]
        for one in (*used, *(sort["propertyName"] for sort in body["sorts"])):
            if one not in account.properties[name]:
                raise Refused(400, f"There was a problem with the request: no property {one}")
        found = []
        for record in account.records[name].values():
            cells = account.indexed(record)
            if cells and any(
                all(self._holds(cells, one) for one in group["filters"]) for group in groups
            ):
                found.append((record, cells))
        [sort] = body["sorts"]
        found.sort(
            key=lambda pair: self._number(pair[1].get(sort["propertyName"], "0")),
            reverse=sort["direction"] == "DESCENDING",
        )
        start = int(body.get("after", 0))
        size = min(body["limit"], 200)
        return {
            "total": len(found),
            "results": [
                self._record(name, Record(record.id, cells), body["properties"], "")
                for record, cells in found[start : start + size]
            ],
        }

    def _read(self, name: str, body: Any) -> Any:
        account = self.server.account
        self._only(body, {"inputs", "properties", "propertiesWithHistory", "idProperty"})
        history = "".join(body.get("propertiesWithHistory", []))
        if len(body["inputs"]) > (50 if history else 100):
            raise Refused(400, "too many inputs")
        found = [account.records[name].get(one["id"]) for one in body["inputs"]]
        live = [one for one in found if one is not None and not one.archived]
        return {
            "status": "COMPLETE",
            "results": [self._record(name, one, body["properties"], history) for one in live],
        }

    def _associations(self, name: str, to: str, body: Any) -> Any:
        account = self.server.account
        self._only(body, {"inputs"})
        if len(body["inputs"]) > 1_000:
            raise Refused(400, "too many inputs")
        results = []
        for one in body["inputs"]:
            record = account.records[name].get(one["id"])
            ids = sorted(record.associations.get(to, ()) if record else (), key=int)
            ids = [i for i in ids if int(i) > int(one.get("after", 0))]
            few = ids[:500]
            if not ids:
                continue
            told = {"from": {"id": one["id"]}, "to": [{"toObjectId": int(i)} for i in few]}
            cut = {"paging": {"next": {"after": few[-1]}}} if few != ids else {}
            results.append(told | cut)
        return {"status": "COMPLETE", "results": results}

    def _record(self, name: str, record: Record, names: list[str], history: str) -> dict[str, Any]:
        account = self.server.account
        account.properties_asked |= set(names)
        stamp = OBJECT_BY_NAME[name].stamp
        shown: dict[str, str | None] = {"hs_object_id": record.id}
        shown[stamp] = record.properties.get(stamp)
        for one in names:  # what does not exist is left out without a word
            if one in account.properties[name]:
                shown[one] = record.properties.get(one)
        told: dict[str, Any] = {"id": record.id, "properties": shown, "archived": record.archived}
        if history:
            told["propertiesWithHistory"] = {history: record.history}
        return told

    def _paged(self, rows: list[Any], query: Mapping[str, str]) -> Any:
        start = int(query.get("after", 0))
        size = min(int(query["limit"]), self.server.account.max_rows)
        more = (
            {"paging": {"next": {"after": str(start + size)}}} if len(rows) > start + size else {}
        )
        return {"results": rows[start : start + size], **more}

    @staticmethod
    def _only(given: Mapping[str, Any], allowed: set[str]) -> None:
        if set(given) - allowed:
            raise Refused(400, f"unknown parameter {sorted(set(given) - allowed)}")

    @classmethod
    def _holds(cls, cells: Mapping[str, str], one: Mapping[str, str]) -> bool:
        value, edge = cls._number(cells.get(one["propertyName"], "0")), float(one["value"])
        return {"GTE": value >= edge, "LT": value < edge, "GT": value > edge}[one["operator"]]

    @staticmethod
    def _number(text: str) -> float:
        if "T" in text:
            return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000
        return float(text)


class Server(QuietServer):
    account: Account


@contextmanager
def serving(account: Account) -> Iterator[str]:
    """Serve an account; its address."""
    server = Server(("127.0.0.1", 0), Handler)
    server.account = account
    with running(server) as address:
        yield address
