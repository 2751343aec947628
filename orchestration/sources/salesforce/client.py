"""Salesforce's API: signing in, describing objects, query jobs and their pages."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_url

import pyarrow as pa

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

from orchestration.sources.salesforce.objects import (
    NOT_UNLESS_NAMED,
    OBJECT_BY_NAME,
    OBJECTS,
    VARIABLES,
)

API_VERSION = "v64.0"

PAGE_ROWS = 250_000

QUERIES_PER_CALL = 5  # that Salesforce takes in one composite request, and counts as one call

LONGEST_JOB = dt.timedelta(hours=6)


@dataclass(frozen=True)
class SalesforceSettings:
    """Where the org is and how to sign in; only ever from the environment.

    Secrets are left out of the text form, so that no message can show them.
    """

    login_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    username: str = ""
    private_key_file: str = ""
    objects: tuple[str, ...] = ()
    custom_fields: Mapping[tuple[str, str], str] = field(default_factory=dict, hash=False)
    landed_in: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> SalesforceSettings:
        """Read `SCORECARD_SALESFORCE_*`.

        Raises:
            ConfigError: something is missing or is not one of the allowed values.
        """
        read = Environment.read(environ)
        chosen = cls(
            objects=_objects(read.salesforce_objects),
            custom_fields=custom_fields(
                read.salesforce_fields, f"{VARIABLES}FIELDS", OBJECTS, "Event.outcome=Outcome__c"
            ),
            landed_in=read.salesforce_landed_in,
        )
        if chosen.landed_in:
            return chosen
        chosen = replace(
            chosen,
            login_url=read.salesforce_url.rstrip("/"),
            client_id=read.salesforce_client_id,
            client_secret=read.salesforce_client_secret.get_secret_value(),
            username=read.salesforce_username,
            private_key_file=read.salesforce_private_key_file,
        )
        chosen.require_access()
        return chosen

    def require_access(self) -> None:
        """Make sure that the org and a way to sign in are named.

        Raises:
            ConfigError: says what is missing.
        """
        if not re.fullmatch(r"https://[^/?#@\s]+|http://127\.0\.0\.1:\d+", self.login_url):
            raise ConfigError(
                f"{VARIABLES}URL: '{self.login_url}' is not the address of an org. Use its My "
                "Domain, for example https://acme.my.salesforce.com (docs/salesforce.md)."
            )
        if not self.client_id:
            raise ConfigError(
                f"{VARIABLES}CLIENT_ID is missing: the consumer key of an External Client App "
                "(docs/salesforce.md)."
            )
        if not self.client_secret and not self.private_key_file:
            raise ConfigError(
                f"{VARIABLES}CLIENT_SECRET is missing, and so is {VARIABLES}PRIVATE_KEY_FILE. Give "
                "one of them (docs/salesforce.md)."
            )
        if self.private_key_file and not self.username:
            raise ConfigError(
                f"{VARIABLES}USERNAME is missing: sign-in with a private key needs the user who "
                "has the certificate's app."
            )


def _objects(text: str) -> tuple[str, ...]:
    required = [one.name for one in OBJECTS if one.is_required]
    names = named_objects(text, f"{VARIABLES}OBJECTS", list(OBJECT_BY_NAME), required)
    return names or tuple(one.name for one in OBJECTS if one.name not in NOT_UNLESS_NAMED)


class SalesforceClient(ApiClient):
    """Signs in, asks, and knows what Salesforce's errors mean. `sleep` is for tests."""

    def __init__(
        self,
        settings: SalesforceSettings,
        session: Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare without asking anything yet."""
        super().__init__(session, sleep, clock)
        self.settings = settings
        self._token = ""
        self._instance = settings.login_url

    def describe(self, name: str) -> dict[str, str]:
        """Type of each field that the user may see.

        Raises:
            ObjectFailed: the user may not see the object at all.
        """
        answer = self._ask("GET", f"sobjects/{name}/describe", about=name)
        if not answer.get("queryable", True):
            raise ObjectFailed(_no_access(name))
        return {str(one["name"]): str(one["type"]) for one in answer["fields"]}

    def check_limits(self) -> str:
        """What is left of the day's API calls, as text.

        Raises:
            ScorecardError: too little is left.
        """
        limits = self._ask("GET", "limits", about="the limits")
        calls = limits["DailyApiRequests"]
        self._spare(int(calls["Max"]) - int(calls["Remaining"]), int(calls["Max"]))
        return f"{calls['Remaining']:,} of {calls['Max']:,} API calls of the day are left"

    def create_job(self, name: str, soql: str) -> str:
        """Start a query over all records, deleted and archived ones included; its id."""
        body = {"operation": "queryAll", "query": soql, "contentType": "CSV",
                "columnDelimiter": "COMMA", "lineEnding": "LF"}  # fmt: skip
        return str(self._ask("POST", "jobs/query", json=body, about=name)["id"])

    def wait_for_job(self, name: str, job_id: str) -> int | None:
        """Records that a job found, when it is done; None when Salesforce no longer has it.

        Raises:
            ObjectFailed: the job failed, or takes for ever.
        """
        waited, pause = 0.0, 0.5
        while True:
            response = self._request("GET", f"jobs/query/{job_id}")
            if response.status_code == 404:
                return None
            job = self._answer(response, name)
            if job["state"] == "JobComplete":
                return int(job["numberRecordsProcessed"])
            if job["state"] in ("Failed", "Aborted"):
                raise ObjectFailed(
                    f"{name}: Salesforce ended the query ({job['state']}: "
                    f"{job.get('errorMessage', 'no reason given')}). Refresh again."
                )
            if waited > LONGEST_JOB.total_seconds():
                raise ObjectFailed(f"{name}: the query has not ended for {LONGEST_JOB}.")
            self._sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, 30.0)

    def page(self, name: str, job_id: str, locator: str | None) -> tuple[pa.Table, str | None]:
        """One page of a job's results as text, and the locator of the next.

        Raises:
            ObjectFailed: the page comes incomplete again and again.
        """
        parameters = {"maxRecords": str(PAGE_ROWS), **({"locator": locator} if locator else {})}
        for _ in range(3):
            response = self._request("GET", f"jobs/query/{job_id}/results", params=parameters)
            if response.status_code != 200:
                self._answer(response, name)
            table = parse_csv(response.content) if response.content else pa.table({})
            if table.num_rows == int(response.headers["Sforce-NumberOfRecords"]):
                following = response.headers.get("Sforce-Locator")
                return table, None if following in (None, "", "null") else following
        raise ObjectFailed(
            f"{name}: a page of results had {table.num_rows:,} rows where Salesforce said "
            f"{response.headers['Sforce-NumberOfRecords']}. Nothing of it was kept; refresh again."
        )

    def query(self, name: str, soql: str) -> Iterator[pa.Table]:
        """All pages of a query, whose rows are counted."""
        job_id = self.create_job(name, soql)
        expected = self.wait_for_job(name, job_id)
        locator, rows = None, 0
        while True:
            table, locator = self.page(name, job_id, locator)
            rows += table.num_rows
            yield table
            if locator is None:
                break
        require_all_rows(name, rows, expected)

    def count_changes(
        self, names: Sequence[str], since: str, until: str | None
    ) -> dict[str, list[Any]]:
        """How many records of each object were stamped in a time, deleted ones too, and the last.

        Raises:
            ObjectFailed: an object cannot be asked.
        """
        found: dict[str, list[Any]] = {}
        where = f"SystemModstamp >= {since}" + (f" AND SystemModstamp < {until}" if until else "")
        for start in range(0, len(names), QUERIES_PER_CALL):
            queries = [
                {
                    "method": "GET",
                    "url": f"/services/data/{API_VERSION}/queryAll?q="
                    + quote_url(f"SELECT COUNT(Id), MAX(SystemModstamp) FROM {name} WHERE {where}"),
                    "referenceId": name,
                }
                for name in names[start : start + QUERIES_PER_CALL]
            ]
            body = {"allOrNone": False, "compositeRequest": queries}
            answer = self._ask("POST", "composite", json=body, about="a look at the objects")
            for one in answer["compositeResponse"]:
                if one["httpStatusCode"] != 200:
                    raise ObjectFailed(
                        f"{one['referenceId']}: Salesforce refuses to count its changes "
                        f"({one['httpStatusCode']}: {str(one['body'])[:300]})"
                    )
                [record] = one["body"]["records"]
                found[one["referenceId"]] = [record["expr0"], record["expr1"]]
        return found

    def _ask(self, method: str, path: str, *, about: str, **more: Any) -> dict[str, Any]:
        return self._answer(self._request(method, path, **more), about)

    def _request(self, method: str, path: str, **more: Any) -> Response:
        if not self._token:
            self._sign_in()
        response = self._send(method, path, more)
        if response.status_code == 401:  # it expires after hours; once more, and only once
            self._sign_in()
            response = self._send(method, path, more)
        if used := re.search(
            r"api-usage=(\d+)/(\d+)", response.headers.get("Sforce-Limit-Info", "")
        ):
            self._spare(int(used[1]), int(used[2]))
        return response

    def _send(self, method: str, path: str, more: Mapping[str, Any]) -> Response:
        path = f"services/data/{API_VERSION}/{path}"
        return self.send(method, self._instance, path, self._token, **more)

    def _spare(self, used: int, total: int) -> None:
        if used > total * (1 - RESERVED_CALLS):
            raise ScorecardError(
                f"Salesforce: {used:,} of the {total:,} API calls of 24 hours are used, and the "
                f"last {RESERVED_CALLS:.0%} are left to other programs. What was read is kept; "
                "refresh again in some hours."
            )

    def _answer(self, response: Response, about: str) -> dict[str, Any]:
        """The JSON of a good answer; an error says what is missing."""
        if response.ok:
            answer: dict[str, Any] = response.json()
            return answer
        code, message = _error_of(response)
        if code == "REQUEST_LIMIT_EXCEEDED":
            raise ScorecardError(
                "Salesforce: the org's API calls of 24 hours are used up. What was read is kept; "
                "refresh again in some hours, or ask for a higher limit."
            )
        if response.status_code == 401:
            raise ConfigError(
                "Salesforce does not accept the token that it has just given. Does the app have "
                "the scope 'Manage user data via APIs (api)'?"
            )
        if response.status_code in (403, 404) or code in ("INVALID_TYPE", "INSUFFICIENT_ACCESS"):
            raise ObjectFailed(_no_access(about, code))
        raise ObjectFailed(
            f"{about}: Salesforce refuses ({response.status_code} {code}: {message})"
        )

    def _sign_in(self) -> None:
        known = self.settings
        if known.private_key_file:
            form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                    "assertion": _assertion(known, self._clock())}  # fmt: skip
        else:
            form = {"grant_type": "client_credentials", "client_id": known.client_id,
                    "client_secret": known.client_secret}  # fmt: skip
        response = self.send("POST", known.login_url, "services/oauth2/token", data=form)
        if response.status_code >= 500 or response.status_code == 429:
            raise ScorecardError(
                f"{known.login_url}: signing in fails ({response.status_code}), after several "
                "attempts. Refresh again later."
            )
        answer = json_object(response)
        if not response.ok or "access_token" not in answer:
            raise ConfigError(
                f"{known.login_url}: Salesforce does not let us in "
                f"({answer.get('error', response.status_code)}: "
                f"{answer.get('error_description', 'no reason given')}). Check "
                f"{VARIABLES}CLIENT_ID, the secret or key, and the app's policies "
                "(docs/salesforce.md)."
            )
        self._token = answer["access_token"]
        self._instance = answer.get("instance_url", known.login_url).rstrip("/")


def _error_of(response: Response) -> tuple[str, str]:
    try:
        answer = response.json()
        first = answer[0] if isinstance(answer, list) else answer
        return str(first.get("errorCode", "")), str(first.get("message", ""))[:300]
    except (ValueError, IndexError, AttributeError):
        return "", "no reason given"


def _no_access(name: str, code: str = "") -> str:
    return (
        f"{name}: the user may not read it{f' ({code})' if code else ''}. Give the user of the app "
        f"the permissions 'API Enabled' and 'View All Records' of {name} (docs/salesforce.md), or "
        f"leave it out of {VARIABLES}OBJECTS."
    )


def _assertion(settings: SalesforceSettings, now: float) -> str:
    """The signed statement who we are, good for three minutes."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    path = Path(settings.private_key_file).expanduser()
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            f"{VARIABLES}PRIVATE_KEY_FILE: {path} cannot be read as a PEM key without a passphrase "
            f"({type(error).__name__})."
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(f"{VARIABLES}PRIVATE_KEY_FILE: {path} is not an RSA key.")
    audience = (
        "https://test.salesforce.com"
        if ".sandbox." in settings.login_url
        else ("https://login.salesforce.com")
    )
    parts = [
        {"alg": "RS256"},
        {"iss": settings.client_id, "sub": settings.username, "aud": audience,
         "exp": int(now) + 180},
    ]  # fmt: skip

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = ".".join(encode(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def parse_csv(content: bytes) -> pa.Table:
    """A page of results, every column text; Salesforce writes null as an empty cell."""
    from pyarrow import csv

    header = csv.read_csv(
        io.BytesIO(content.split(b"\n", 1)[0] + b"\n"), parse_options=csv.ParseOptions()
    ).column_names
    return csv.read_csv(
        io.BytesIO(content),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            null_values=[""],
        ),
    )


def require_all_rows(name: str, rows: int, expected: int | None) -> None:
    """Compare what came with what the job said.

    Raises:
        ObjectFailed: they differ.
    """
    if rows != expected:
        raise ObjectFailed(
            f"{name}: {rows:,} records came where Salesforce's job counted {expected}. The window "
            "is read again by the next refresh."
        )


def soql_moment(moment: dt.datetime) -> str:
    """A moment as SOQL wants it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
