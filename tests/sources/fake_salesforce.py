"""A Salesforce on 127.0.0.1, as strict as the real one, with switches for everything that fails."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import email.utils
import gzip
import io
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orchestration.sources.salesforce.client import API_VERSION
from orchestration.sources.salesforce.objects import OBJECTS
from tests.sources.fake_server import QuietServer, running

Record = dict[str, str]
STAMP = "%Y-%m-%dT%H:%M:%S.000Z"
DATA = f"/services/data/{API_VERSION}/"
SOQL = re.compile(r"SELECT (?P<fields>[\w., ]+) FROM (?P<name>\w+)(?: WHERE (?P<where>.+))?")
CONDITION = re.compile(
    r"SystemModstamp (?P<comparison>>=|<) (?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z)"
    r"|IsDeleted = (?P<flag>true|false)"
    r"|Id IN \((?P<ids>'\w+'(?:, '\w+')*)\)"
)
COUNT = re.compile(
    r"SELECT COUNT\(Id\), MAX\(SystemModstamp\) FROM (?P<name>\w+) WHERE (?P<where>.+)"
)
HIDDEN_AFTER = dt.timedelta(days=365)


@dataclass
class Job:
    """A query job: its results are what the org had when it was made."""

    operation: str
    fields: list[str]
    rows: list[Record]
    polls: int = 0


@dataclass
class Org:
    """The records of an org, and how its API behaves."""

    client_id: str = "client"
    client_secret: str = "secret"
    public_key: Any = None
    now: dt.datetime = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    page_rows: int = 100_000
    polls_until_done: int = 1
    calls: int = 100
    max_calls: int = 15_000
    lost_rows: int = 0
    before_page: Any = None
    jobs: dict[str, Job] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    queries: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for one in OBJECTS:
            self.records.setdefault(one.name, {})
            names = ["Id", "SystemModstamp", *one.required, *one.optional, *one.all_related]
            names += ["IsDeleted"] if one.has_delete_flag else []
            self.fields.setdefault(
                one.name,
                {n: "string" for n in names if n != "CurrencyIsoCode"}
                | {"Description": "textarea"},
            )

    def put(self, name: str, record_id: str, **cells: str) -> None:
        """Create a record, or change cells of one; either is stamped."""
        with self.lock:
            record = self.records[name].setdefault(record_id, {"Id": record_id})
            record.update({"SystemModstamp": self.now.strftime(STAMP)}, **cells)
            if "IsDeleted" in self.fields[name]:
                record.setdefault("IsDeleted", "false")

    def purge(self, name: str, record_id: str) -> None:
        """Take a record out of the recycle bin: nothing is left of it."""
        with self.lock:
            self.records[name].pop(record_id, None)

    def select(self, operation: str, name: str, where: str | None) -> list[Record]:
        """Records that a query finds; a plain one neither deleted nor old archived ones."""
        found = []
        conditions = [self._condition(one) for one in (where or "").split(" AND ") if one]
        for record in self.records[name].values():
            if operation == "query":
                day = record.get("ActivityDate") or record.get("CreatedDate") or "9999"
                old = day[:10] < (self.now - HIDDEN_AFTER).date().isoformat()
                if record.get("IsDeleted") == "true" or (name in ("Task", "Event") and old):
                    continue
            if all(holds(record) for holds in conditions):
                found.append(dict(record))
        return found

    @staticmethod
    def _condition(text: str) -> Callable[[Record], bool]:
        matched = CONDITION.fullmatch(text)
        assert matched is not None
        if matched["ids"]:
            ids = set(matched["ids"].replace("'", "").split(", "))
            return lambda record: record["Id"] in ids
        if matched["flag"]:
            return lambda record: record["IsDeleted"] == matched["flag"]
        moment = matched["moment"]
        if matched["comparison"] == ">=":
            return lambda record: record["SystemModstamp"] >= moment
        return lambda record: record["SystemModstamp"] < moment


class Refused(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _handle(self, body: bytes) -> None:
        org = self.server.org
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        with org.lock:
            org.asked[address.path.removeprefix(DATA).split("/")[0]] += 1
            fault = org.faults.pop(0) if org.faults else ""
        if fault in ("429", "429 later", "500", "503"):
            headers = {"Retry-After": "1"} if fault == "429 later" else {}
            self._send(int(fault[:3]), b"[]", "application/json", headers)
            return
        if fault == "reset":
            self.close_connection = True
            return
        try:
            if address.path == "/services/oauth2/token":
                status, content, kind, headers = 200, self._token(body, query), "json", {}
            else:
                status, content, kind, headers = self._data(address.path, query, body, fault)
        except Refused as refused:
            error = {"errorCode": refused.code, "message": refused.message}
            if address.path.endswith("/token"):
                answer: Any = {"error": refused.code, "error_description": refused.message}
            else:
                answer = [error]
            status, content, kind, headers = refused.status, json.dumps(answer).encode(), "json", {}
        kind = "text/csv; charset=UTF-8" if kind == "csv" else "application/json;charset=UTF-8"
        self._send(status, content, kind, headers, fault)

    def _send(
        self,
        status: int,
        content: bytes,
        kind: str,
        headers: Mapping[str, str],
        fault: str = "",
    ) -> None:
        org = self.server.org
        if "gzip" in self.headers.get("Accept-Encoding", "") and not fault:
            content, headers = gzip.compress(content, 1), {**headers, "Content-Encoding": "gzip"}
        self.send_response_only(status)
        self.send_header("Date", email.utils.format_datetime(org.now, usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Sforce-Limit-Info", f"api-usage={org.calls}/{org.max_calls}")
        for name, value in headers.items():
            self.send_header(name, value)
        if fault == "truncated":  # a whole answer, as far as HTTP can tell
            content = content[: len(content) * 2 // 3].rstrip(b"\n}]")
        if fault == "missing row":  # which even ends with a whole line
            content = b"".join(content.splitlines(keepends=True)[:-1])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if fault == "reset in body":
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)
        self.wfile.flush()

    def _token(self, body: bytes, query: Mapping[str, str]) -> bytes:
        org = self.server.org
        if query:
            raise Refused(400, "invalid_request", "parameters belong into the body")
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if form.get("grant_type") == "client_credentials":
            if (form.get("client_id"), form.get("client_secret")) != (
                org.client_id,
                org.client_secret,
            ):
                raise Refused(400, "invalid_client", "invalid client credentials")
        elif form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            self._verify(form.get("assertion", ""))
        else:
            raise Refused(400, "unsupported_grant_type", "grant type not supported")
        with org.lock:
            token = f"00D-token-{len(org.tokens)}"
            org.tokens.add(token)
        port = self.server.server_address[1]
        return json.dumps(
            {"access_token": token, "instance_url": f"http://127.0.0.1:{port}"}
        ).encode()

    def _verify(self, assertion: str) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        org = self.server.org

        def decode(text: str) -> bytes:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

        signed, _, signature = assertion.rpartition(".")
        claims = json.loads(decode(signed.split(".")[1]))
        try:
            org.public_key.verify(
                decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            raise Refused(400, "invalid_grant", "invalid assertion") from None
        if claims["iss"] != org.client_id or not claims["sub"]:
            raise Refused(400, "invalid_grant", "user hasn't approved this consumer")
        if claims["aud"] != "https://login.salesforce.com":
            raise Refused(400, "invalid_grant", "audience is invalid")

    def _data(
        self, path: str, query: Mapping[str, str], body: bytes, fault: str
    ) -> tuple[int, bytes, str, dict[str, str]]:
        org = self.server.org
        with org.lock:
            org.calls += 1
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if fault == "401":
                org.tokens.discard(token)
            if token not in org.tokens:
                raise Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
            if org.calls > org.max_calls:
                raise Refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            if not path.startswith(DATA):
                raise Refused(404, "NOT_FOUND", "wrong version")
            route = path.removeprefix(DATA).split("/")
            if route == ["limits"]:
                left = {"Max": org.max_calls, "Remaining": org.max_calls - org.calls}
                return 200, json.dumps({"DailyApiRequests": left}).encode(), "json", {}
            if route == ["composite"] and self.command == "POST":
                return 200, json.dumps(self._composite(body)).encode(), "json", {}
            if route[0] == "sobjects" and route[2:] == ["describe"]:
                return 200, json.dumps(self._describe(route[1])).encode(), "json", {}
            if route == ["jobs", "query"] and self.command == "POST":
                return 200, json.dumps(self._create_job(body)).encode(), "json", {}
            if route[:2] == ["jobs", "query"] and len(route) in (3, 4):
                job = org.jobs.get(route[2])
                if job is None:
                    raise Refused(404, "NOT_FOUND", "no such job")
                if route[3:] == ["results"]:
                    return self._results(job, query)
                job.polls += 1
                done = job.polls > org.polls_until_done
                state = {"id": route[2], "state": "JobComplete" if done else "InProgress"}
                return (
                    200,
                    json.dumps(
                        state | ({"numberRecordsProcessed": len(job.rows)} if done else {})
                    ).encode(),
                    "json",
                    {},
                )
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")

    def _composite(self, body: bytes) -> dict[str, Any]:
        """Some queries in one call, each with an answer of its own."""
        asked = json.loads(body)["compositeRequest"]
        if len(asked) > 5:
            raise Refused(400, "PROCESSING_HALTED", "more than 5 queries in a composite request")
        answers = []
        for one in asked:
            try:
                status, answer = 200, self._count(one["method"], one["url"])
            except Refused as refused:
                status = refused.status
                answer = [{"errorCode": refused.code, "message": refused.message}]
            answers.append(
                {"body": answer, "httpHeaders": {}, "httpStatusCode": status,
                 "referenceId": one["referenceId"]}
            )  # fmt: skip
        return {"compositeResponse": answers}

    def _count(self, method: str, url: str) -> Any:
        org = self.server.org
        address = urlsplit(url)
        soql = parse_qs(address.query)["q"][0]
        matched = COUNT.fullmatch(soql)
        if method != "GET" or address.path != f"{DATA}queryAll" or matched is None:
            raise Refused(400, "MALFORMED_QUERY", soql)
        name = matched["name"]
        if name in org.forbidden or name not in org.fields:
            raise Refused(400, "INVALID_TYPE", f"sObject type '{name}' is not supported")
        org.queries.append(soql)
        stamps = [row["SystemModstamp"] for row in org.select("queryAll", name, matched["where"])]
        record = {
            "attributes": {"type": "AggregateResult"},
            "expr0": len(stamps),
            "expr1": max(stamps, default=None),
        }
        return {"totalSize": 1, "done": True, "records": [record]}

    def _describe(self, name: str) -> dict[str, Any]:
        org = self.server.org
        if name in org.forbidden or name not in org.fields:
            raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
        shown = {n: t for n, t in org.fields[name].items() if "." not in n}
        return {
            "name": name,
            "queryable": True,
            "fields": [{"name": n, "type": t} for n, t in shown.items()],
        }

    def _create_job(self, body: bytes) -> dict[str, str]:
        org = self.server.org
        asked = json.loads(body)
        if set(asked) - {"operation", "query", "contentType", "columnDelimiter", "lineEnding"}:
            raise Refused(400, "JSON_PARSER_ERROR", "Unrecognized field")
        if asked["operation"] not in ("query", "queryAll"):
            raise Refused(400, "INVALIDJOB", "unknown operation")
        org.queries.append(asked["query"])
        matched = SOQL.fullmatch(asked["query"])
        if matched is None or any(
            CONDITION.fullmatch(one) is None
            for one in (matched["where"] or "").split(" AND ")
            if one
        ):
            raise Refused(400, "MALFORMED_QUERY", asked["query"][:200])
        name, fields = matched["name"], matched["fields"].split(", ")
        if name in org.forbidden or name not in org.fields:
            raise Refused(400, "INVALID_TYPE", f"sObject type '{name}' is not supported")
        used = [*fields, *(["IsDeleted"] if "IsDeleted" in (matched["where"] or "") else [])]
        for one in used:
            if one not in org.fields[name]:
                raise Refused(400, "INVALID_FIELD", f"No such column '{one}' on entity '{name}'")
        job_id = f"750{len(org.jobs):015d}"
        rows = org.select(asked["operation"], name, matched["where"])
        org.jobs[job_id] = Job(asked["operation"], fields, rows)
        return {"id": job_id, "state": "UploadComplete"}

    def _results(
        self, job: Job, query: Mapping[str, str]
    ) -> tuple[int, bytes, str, dict[str, str]]:
        org = self.server.org
        if set(query) - {"locator", "maxRecords"}:
            raise Refused(400, "INVALID_PARAMETER", "unknown parameter")
        if job.polls <= org.polls_until_done:
            raise Refused(400, "INVALIDJOBSTATE", "the job is not complete")
        if org.before_page:
            org.before_page()
        start = int(base64.b64decode(query.get("locator", "MA==")))
        size = min(org.page_rows, int(query["maxRecords"]))
        rows = job.rows[start : start + size]
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(job.fields)
        for row in rows[: len(rows) - org.lost_rows]:
            writer.writerow([row.get(name, "") for name in job.fields])
        following = start + size < len(job.rows)
        return (
            200,
            text.getvalue().encode(),
            "csv",
            {
                "Sforce-NumberOfRecords": str(len(rows) - org.lost_rows),
                "Sforce-Locator": (
                    base64.b64encode(str(start + size).encode()).decode() if following else "null"
                ),
            },
        )


class Server(QuietServer):
    org: Org


@contextmanager
def serving(org: Org) -> Iterator[str]:
    """Serve an org; its address."""
    server = Server(("127.0.0.1", 0), Handler)
    server.org = org
    with running(server) as address:
        yield address
