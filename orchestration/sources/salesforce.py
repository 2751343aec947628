"""Salesforce: records by Bulk API 2.0 `queryAll`, each there once, whatever the network does.

An object is read in closed windows of `SystemModstamp`. A window is one query job, whose results
Salesforce keeps for days and hands out in pages; each page is merged by id, and then the place
where the job is goes into `raw_salesforce._cursors`. So a load that was killed goes on with the
page it was at, and a page that is merged twice changes nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import io
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quote_url

import duckdb
import pyarrow as pa

from orchestration.core.errors import ConfigError, InputError, ScorecardError
from orchestration.core.settings import Settings
from orchestration.sources.canonical import Column, ColumnType
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

    from orchestration.sources.landed import LandedTable

SCHEMA = "raw_salesforce"
API_VERSION = "v64.0"
LOOK_BACK = dt.timedelta(minutes=15)  # records are stamped before they are committed
RECONCILE_EVERY = dt.timedelta(days=7)
PAGE_ROWS = 250_000
IDS_PER_QUERY = 1_000
QUERIES_PER_CALL = 5  # that Salesforce takes in one composite request, and counts as one call
LONGEST_JOB = dt.timedelta(hours=6)
# share of the day's API calls that is left to other programs
RESERVED_CALLS = 0.1
VARIABLES = "SCORECARD_SALESFORCE_"


@dataclass(frozen=True)
class SalesforceObject:
    """What is read of an object: fields without which nothing works, and others where there are.

    `dated_by`: columns of the raw table that place an activity in months. `has_delete_flag` is
    false for objects without IsDeleted. `is_watched` is false where a change alone is no reason for
    an intraday refresh: each sign-in stamps a user, and a change of stage stamps its opportunity.
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    dated_by: tuple[str, ...] = ()
    has_delete_flag: bool = True
    is_required: bool = False
    is_watched: bool = True

    @property
    def table(self) -> str:
        """Name of the raw table."""
        return snake(self.name)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that every org names alike."""
        stamps = ("SystemModstamp", *(("IsDeleted",) if self.has_delete_flag else ()))
        return ("Id", *self.required, *self.optional, *self.related, *stamps)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the raw table besides those of ingestion."""
        custom = tuple(f"custom_{name}" for name in self.custom)
        return (*(snake(name) for name in self.fields), *custom)


def snake(name: str) -> str:
    """The name as a column: `TimeZoneSidKey` is time_zone_sid_key."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.replace(".", "_"))
    return re.sub(r"_+", "_", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)).lower()


_ACTIVITY_OPTIONAL = ("Type", "WhoId", "WhatId", "AccountId", "CreatedDate", "IsRecurrence")
OBJECTS: tuple[SalesforceObject, ...] = (
    SalesforceObject(
        "User",
        ("Name", "IsActive"),
        ("Email", "ManagerId", "UserRoleId", "UserType", "TimeZoneSidKey", "LastLoginDate"),
        custom=("role", "team", "region", "tier", "calendar", "hire_date", "end_date"),
        has_delete_flag=False,
        is_required=True,
        is_watched=False,
    ),
    SalesforceObject("UserRole", ("Name",), has_delete_flag=False, is_watched=False),
    SalesforceObject(
        "Account",
        ("Name",),
        ("Industry", "NumberOfEmployees", "AnnualRevenue", "BillingCountry"),
    ),
    SalesforceObject(
        "Contact", ("AccountId",), ("Title", "Department", "CreatedDate"), is_watched=False
    ),
    SalesforceObject(
        "Lead",
        ("OwnerId", "CreatedDate"),
        ("LeadSource", "Industry", "NumberOfEmployees", "Country", "Title", "Status",
         "ConvertedDate", "ConvertedOpportunityId", "ConvertedAccountId"),
    ),
    SalesforceObject(
        "Opportunity",
        ("OwnerId", "StageName", "CloseDate", "CreatedDate", "IsClosed", "IsWon", "Amount"),
        ("AccountId", "Type", "CurrencyIsoCode"),
        custom=("opportunity_type",),
        is_required=True,
    ),
    SalesforceObject(
        "OpportunityHistory", ("OpportunityId", "StageName", "CreatedDate"), is_watched=False
    ),
    SalesforceObject(
        "OpportunitySplit",
        ("OpportunityId", "SplitOwnerId", "SplitPercentage"),
        related=("SplitType.IsTotalValidated",),
    ),
    SalesforceObject(
        "ForecastingQuota",
        ("QuotaOwnerId", "StartDate", "QuotaAmount"),
        ("ForecastingTypeId", "CurrencyIsoCode"),
        related=("Period.Type", "Period.StartDate", "Period.EndDate"),
        has_delete_flag=False,
    ),
    SalesforceObject(
        "Task",
        ("OwnerId", "IsClosed", "Status"),
        (*_ACTIVITY_OPTIONAL, "TaskSubtype", "ActivityDate", "CompletedDateTime", "CallType",
         "CallDisposition", "CallDurationInSeconds"),
        custom=("activity_type", "direction", "outcome"),
        dated_by=("completed_date_time", "activity_date", "created_date"),
    ),
    SalesforceObject(
        "Event",
        ("OwnerId",),
        (*_ACTIVITY_OPTIONAL, "StartDateTime", "ActivityDate", "DurationInMinutes", "IsChild"),
        custom=("activity_type", "direction", "outcome"),
        dated_by=("start_date_time", "activity_date", "created_date"),
    ),
)  # fmt: skip
OBJECT_BY_NAME = {one.name: one for one in OBJECTS}
# no canonical table has contacts, and not every org has splits or forecasts
NOT_UNLESS_NAMED = ("Contact", "OpportunitySplit", "ForecastingQuota")

# types of the columns that are not text, for tables that others landed; `is_…` is a boolean
_TYPES: Mapping[str, ColumnType] = {
    **dict.fromkeys(("number_of_employees", "annual_revenue", "amount", "split_percentage",
                     "call_duration_in_seconds", "duration_in_minutes", "quota_amount"), "number"),
    **dict.fromkeys(("close_date", "activity_date", "converted_date", "custom_hire_date",
                     "custom_end_date", "start_date", "period_start_date", "period_end_date"),
                    "date"),
    **dict.fromkeys(("created_date", "last_login_date", "completed_date_time", "start_date_time",
                     "system_modstamp"), "timestamp"),
}  # fmt: skip

# what the reference tables depend on: the first day of any record, and the zones of users
OLDEST_DAY = (
    "select min(day) from ("
    + " union all ".join(
        f"select min(left({column}, 10)) as day from {SCHEMA}.{one.table}"
        for one in OBJECTS
        for column in one.dated_by or (("created_date",) if "CreatedDate" in one.required else ())
    )
    + ")"
)
TIME_ZONES = f"select time_zone_sid_key, id from {SCHEMA}.user"
# what decides to whom, and to which day, activities of old months belong
REP_IDENTITY = f"select id, coalesce(lower(email), ''), time_zone_sid_key from {SCHEMA}.user"


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
        env = os.environ if environ is None else environ

        def value(name: str) -> str:
            return (env.get(VARIABLES + name) or "").strip()

        if value("LANDED_IN"):
            return cls(
                objects=_objects(value("OBJECTS")),
                custom_fields=custom_fields(
                    value("FIELDS"), f"{VARIABLES}FIELDS", OBJECTS, "Event.outcome=Outcome__c"
                ),
                landed_in=value("LANDED_IN"),
            )
        url = value("URL").rstrip("/")
        if not re.fullmatch(r"https://[^/?#@\s]+|http://127\.0\.0\.1:\d+", url):
            raise ConfigError(
                f"{VARIABLES}URL: '{url}' is not the address of an org. Use its My Domain, for "
                "example https://acme.my.salesforce.com (docs/salesforce.md)."
            )
        if not value("CLIENT_ID"):
            raise ConfigError(
                f"{VARIABLES}CLIENT_ID is missing: the consumer key of an External Client App "
                "(docs/salesforce.md)."
            )
        if not value("CLIENT_SECRET") and not value("PRIVATE_KEY_FILE"):
            raise ConfigError(
                f"{VARIABLES}CLIENT_SECRET is missing, and so is {VARIABLES}PRIVATE_KEY_FILE. Give "
                "one of them (docs/salesforce.md)."
            )
        if value("PRIVATE_KEY_FILE") and not value("USERNAME"):
            raise ConfigError(
                f"{VARIABLES}USERNAME is missing: sign-in with a private key needs the user who "
                "has the certificate's app."
            )
        return cls(
            login_url=url,
            client_id=value("CLIENT_ID"),
            client_secret=value("CLIENT_SECRET"),
            username=value("USERNAME"),
            private_key_file=value("PRIVATE_KEY_FILE"),
            objects=_objects(value("OBJECTS")),
            custom_fields=custom_fields(
                value("FIELDS"), f"{VARIABLES}FIELDS", OBJECTS, "Event.outcome=Outcome__c"
            ),
        )


def _objects(text: str) -> tuple[str, ...]:
    required = [one.name for one in OBJECTS if one.is_required]
    names = named_objects(text, f"{VARIABLES}OBJECTS", list(OBJECT_BY_NAME), required)
    return names or tuple(one.name for one in OBJECTS if one.name not in NOT_UNLESS_NAMED)


class SalesforceClient:
    """Signs in, asks, and knows what Salesforce's errors mean. `sleep` is for tests."""

    def __init__(
        self,
        settings: SalesforceSettings,
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
        self.server_time = dt.datetime.fromtimestamp(clock(), dt.UTC)
        self._session = session
        self._sleep = sleep
        self._clock = clock
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
        if date := response.headers.get("Date"):
            self.server_time = email.utils.parsedate_to_datetime(date).astimezone(dt.UTC)
        if used := re.search(
            r"api-usage=(\d+)/(\d+)", response.headers.get("Sforce-Limit-Info", "")
        ):
            self._spare(int(used[1]), int(used[2]))
        return response

    def _send(self, method: str, path: str, more: Mapping[str, Any]) -> Response:
        from requests import RequestException

        self.calls += 1
        try:
            return self._session.request(
                method,
                f"{self._instance}/services/data/{API_VERSION}/{path}",
                headers={"Authorization": f"Bearer {self._token}"},
                **more,
            )
        except RequestException as error:
            raise _unreachable(self._instance, error) from None

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
        from requests import RequestException

        known = self.settings
        if known.private_key_file:
            form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                    "assertion": _assertion(known, self._clock())}  # fmt: skip
        else:
            form = {"grant_type": "client_credentials", "client_id": known.client_id,
                    "client_secret": known.client_secret}  # fmt: skip
        self.calls += 1
        try:
            response = self._session.request(
                "POST", f"{known.login_url}/services/oauth2/token", data=form
            )
        except RequestException as error:
            raise _unreachable(known.login_url, error) from None
        if response.status_code >= 500 or response.status_code == 429:
            raise ScorecardError(
                f"{known.login_url}: signing in fails ({response.status_code}), after several "
                "attempts. Refresh again later."
            )
        try:
            answer = response.json()
        except ValueError:
            answer = {}
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


def _unreachable(where: str, error: Exception) -> ScorecardError:
    # the text of such an error has addresses in it, which is why only its kind is shown
    return ScorecardError(
        f"{where} cannot be reached or breaks off ({type(error).__name__}), after several "
        "attempts. What was read is kept; refresh again."
    )


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


@dataclass(frozen=True)
class Cursor:
    """How far an object is: complete up to `synced_to`; perhaps in the middle of a job."""

    fields: str = ""
    synced_to: str | None = None
    window_to: str | None = None
    job_id: str | None = None
    locator: str | None = None
    rows_done: int = 0
    reconciled_at: str | None = None


def load_salesforce(
    settings: Settings,
    client: SalesforceClient,
    *,
    full: bool = False,
    now: dt.datetime,
) -> list[TableLoad]:
    """Bring what changed in Salesforce into `raw_salesforce`.

    An object that fails does not keep the others from being loaded; then the step fails, for a
    scorecard without its calls would be wrong.

    Raises:
        ScorecardError: names every object that failed, and what to do.
    """
    chosen = [OBJECT_BY_NAME[name] for name in client.settings.objects]
    loads, failures = [], []
    with connect(settings) as con:
        create_raw_tables(con)
        create_tables(con)
        client.check_limits()
        for one in chosen:
            try:
                loads.append(_load_object(con, settings, client, one, full=full, now=now))
            except ObjectFailed as error:
                failures.append(str(error))
    require_all_read("Salesforce", failures, len(chosen))
    return loads


@lru_cache(maxsize=1)
def _client(known: SalesforceSettings) -> SalesforceClient:
    """One client for all that this process asks, so that it signs in once."""
    return SalesforceClient(known)


def look(settings: Settings, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How many records were stamped since a moment, and when the last one was, by object.

    The moment is one window before the look that `seen` was, so that records which are committed
    late change the number. The first look counts only what lies before its own moment: what is
    stamped later may not be in the windows that the refresh after it reads. Landed tables are asked
    for all their records.

    Raises:
        ConfigError: the credentials are not complete, or Salesforce does not accept them.
        ScorecardError: the org cannot be reached, or refuses.
    """
    chosen = SalesforceSettings.from_environment()
    names = [name for name in chosen.objects if OBJECT_BY_NAME[name].is_watched]
    if chosen.landed_in:
        from orchestration.sources.landed import look_at_landed

        tables = [landed_table(chosen, OBJECT_BY_NAME[name]) for name in names]
        return look_at_landed(settings, f"{VARIABLES}LANDED_IN", chosen.landed_in, tables)
    client = _client(chosen)
    if seen:
        return {**seen, "found": client.count_changes(names, seen["since"], None)}
    client.check_limits()
    since, until = _stamp(client.server_time - LOOK_BACK), _stamp(client.server_time)
    return {"since": since, "found": client.count_changes(names, since, until)}


def load_from_environment(
    settings: Settings, *, full: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Load with the credentials of the environment; of objects that are not read, nothing.

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
    unread = [one for one in OBJECTS if one.name not in chosen.objects]
    return [*loads, *(TableLoad(one.table, 0, 0, 0, 0, 0, None, True) for one in unread)]


def check_from_environment() -> tuple[str, list[str]]:
    """What is there to be read, and what is missing but not needed.

    Raises:
        ScorecardError: the org or the landed tables cannot be reached, or something is missing.
    """
    chosen = SalesforceSettings.from_environment()
    if not chosen.landed_in:
        return check_salesforce(SalesforceClient(chosen))
    from orchestration.sources.landed import check_landed

    tables = [landed_table(chosen, OBJECT_BY_NAME[name]) for name in chosen.objects]
    return check_landed(f"{VARIABLES}LANDED_IN", chosen.landed_in, tables)


def load_landed_salesforce(
    settings: Settings, chosen: SalesforceSettings, *, full: bool = False, now: dt.datetime
) -> list[TableLoad]:
    """Bring what another tool landed into `raw_salesforce`, in the shape of what Salesforce says.

    Raises:
        ScorecardError: names every table that cannot be used, and what to do.
    """
    from orchestration.sources.landed import load_landed, open_place

    loads, failures = [], []
    with connect(settings) as con:
        create_raw_tables(con)
        create_tables(con)
        with open_place(con, f"{VARIABLES}LANDED_IN", chosen.landed_in) as place:
            for one in (OBJECT_BY_NAME[name] for name in chosen.objects):
                table = landed_table(chosen, one)
                try:
                    load = load_landed(
                        con, settings, place, table, schema=SCHEMA, full=full, now=now
                    )
                except InputError as error:
                    failures.append(f"- {error}")
                    continue
                note_fields(con, SCHEMA, one.name, load.columns, now)
                loads.append(
                    record_load(
                        con,
                        SCHEMA,
                        one.name,
                        one.table,
                        rows=load.rows_read,
                        changed=load.rows_changed,
                        deleted=load.rows_deleted,
                        warnings=load.warnings,
                        now=now,
                    )
                )
    if failures:
        raise InputError(
            "\n".join(
                [
                    f"Salesforce: {len(failures)} landed tables could not be read.",
                    *failures,
                    "What was read is kept; nothing was published.",
                ]
            )
        )
    return loads


def landed_table(chosen: SalesforceSettings, one: SalesforceObject) -> LandedTable:
    """Under which names an object and its fields may have been landed."""
    from orchestration.sources.landed import LandedColumn, LandedTable

    columns = []
    for column, name in zip(one.columns, one.fields, strict=False):
        raw = Column(
            column, _TYPES.get(column, "text"), name in ("Id", *one.required, *one.related)
        )
        if column.startswith("is_"):
            raw = replace(raw, type="boolean")
        names = (name, column, *(("LastModifiedDate",) if name == "SystemModstamp" else ()))
        # most orgs have one currency, and what a tool says of deletions has other names too
        columns.append(LandedColumn(raw, names, name not in ("CurrencyIsoCode", "IsDeleted")))
    for name in one.custom:
        field_name = chosen.custom_fields.get((one.name, name))
        type_ = _TYPES.get(f"custom_{name}", "text")
        raw = Column(f"custom_{name}", type_, required=field_name is not None)
        columns.append(LandedColumn(raw, (field_name,) if field_name else ()))
    return LandedTable(
        "Salesforce",
        one.table,
        (one.name, f"sf_{one.name}"),  # dlt's source calls users so
        tuple(columns),
        "id",
        "system_modstamp",
        one.dated_by,
        ("IsDeleted",),
        f"leave {one.name} out of {VARIABLES}OBJECTS",
    )


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
            failures.append(f"- {error}")
    if failures:
        raise ConfigError("\n".join(["Salesforce: something is missing.", *failures]))
    return f"Salesforce: {len(client.settings.objects)} objects can be read; {left}.", warnings


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of `raw_salesforce`, so that every table can always be read."""
    create_crm_tables(con, SCHEMA, {one.table: one.columns for one in OBJECTS}, Cursor)


def select_fields(
    settings: SalesforceSettings, one: SalesforceObject, described: Mapping[str, str]
) -> Selected:
    """Which fields to ask for; what is optional and not there is named.

    Raises:
        ObjectFailed: a field is missing or hidden without which the object says nothing.
    """
    stamps = ("Id", "SystemModstamp", *(("IsDeleted",) if one.has_delete_flag else ()))
    missing = [name for name in (*stamps, *one.required) if name not in described]
    if missing:
        raise ObjectFailed(
            f"{one.name}: the user does not see {', '.join(missing)}. Give it read access to "
            f"{'these fields' if len(missing) > 1 else 'this field'} (field-level security)."
        )
    custom = {
        f"custom_{column}": name
        for (object_name, column), name in settings.custom_fields.items()
        if object_name == one.name
    }
    for name in custom.values():
        if name not in described:
            raise ObjectFailed(
                f"{one.name}: {VARIABLES}FIELDS names {name}, which does not exist or which the "
                "user does not see."
            )
    absent = [name for name in one.optional if name not in described]
    found = [name for name in (*stamps, *one.required, *one.optional) if name in described]
    warnings = [f"{one.name} has no {', '.join(absent)}, or the user does not see it"]
    return Selected(
        {**{snake(name): name for name in (*found, *one.related)}, **custom},
        tuple(warnings) if [name for name in absent if name != "CurrencyIsoCode"] else (),
    )


def _load_object(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    client: SalesforceClient,
    one: SalesforceObject,
    *,
    full: bool,
    now: dt.datetime,
) -> TableLoad:
    described = client.describe(one.name)
    selected = select_fields(client.settings, one, described)
    note_fields(con, SCHEMA, one.name, described, now)
    cursor = read_cursor(con, SCHEMA, one.name, Cursor)
    fields = json.dumps(selected.by_column, sort_keys=True)
    gained = set(selected.by_column.items()) - set(json.loads(cursor.fields or "{}").items())
    if full or gained:  # old records lack what is asked for now
        cursor = Cursor(reconciled_at=cursor.reconciled_at)
    elif fields != cursor.fields:
        cursor = replace(cursor, job_id=None, locator=None)
    cursor = replace(cursor, fields=fields)
    is_first, rows, changed = cursor.synced_to is None, 0, 0
    # a window that an earlier load began ends before now: another follows it
    for _ in range(1 if cursor.job_id is None else 2):
        cursor, more_rows, more_changed = _load_window(
            con, settings, client, one, cursor, selected, now
        )
        rows, changed = rows + more_rows, changed + more_changed
    done = cursor
    deleted = 0
    due = done.reconciled_at is None or parse_moment(done.reconciled_at) + RECONCILE_EVERY <= now
    if is_first and not full and done.reconciled_at is None:
        _write_cursor(con, one, replace(done, reconciled_at=iso(now)))
    elif due or full:
        repaired, deleted = _reconcile(con, settings, client, one, selected, now)
        changed += repaired
        _write_cursor(con, one, replace(done, reconciled_at=iso(now)))
    return record_load(
        con,
        SCHEMA,
        one.name,
        one.table,
        rows=rows,
        changed=changed,
        deleted=deleted,
        warnings=selected.warnings,
        now=now,
    )


def _load_window(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    client: SalesforceClient,
    one: SalesforceObject,
    cursor: Cursor,
    selected: Selected,
    now: dt.datetime,
) -> tuple[Cursor, int, int]:
    """Read a window to its end, page by page; the rows that came, and that were new or differed."""
    while True:
        cursor, expected = _open_job(con, client, one, cursor, selected)
        if expected is not None:
            break
    rows, changed = 0, 0
    while True:
        assert cursor.job_id is not None
        page, locator = client.page(one.name, cursor.job_id, cursor.locator)
        changed += _merge(con, settings, one, page, selected, now)
        rows += page.num_rows
        cursor = replace(cursor, locator=locator, rows_done=cursor.rows_done + page.num_rows)
        if locator is None:
            break
        _write_cursor(con, one, cursor)
    over = replace(cursor, job_id=None, locator=None, rows_done=0, window_to=None)
    if cursor.rows_done != expected:
        _write_cursor(con, one, over)
        require_all_rows(one.name, cursor.rows_done, expected)
    over = replace(over, synced_to=cursor.window_to)
    _write_cursor(con, one, over)
    return over, rows, changed


def _open_job(
    con: duckdb.DuckDBPyConnection,
    client: SalesforceClient,
    one: SalesforceObject,
    cursor: Cursor,
    selected: Selected,
) -> tuple[Cursor, int | None]:
    """The job that was under way, or one over a new window, when its results are there.

    Without a number of records the job is gone, and is to be opened anew.
    """
    if cursor.job_id is None:
        cursor = replace(cursor, window_to=_stamp(client.server_time), locator=None, rows_done=0)
        assert cursor.window_to is not None
        conditions = [f"SystemModstamp < {cursor.window_to}"]
        if cursor.synced_to is not None:
            since = _stamp(parse_moment(cursor.synced_to) - LOOK_BACK)
            conditions.insert(0, f"SystemModstamp >= {since}")
        soql = _soql(one, selected, " AND ".join(conditions))
        cursor = replace(cursor, job_id=client.create_job(one.name, soql))
        _write_cursor(con, one, cursor)
    assert cursor.job_id is not None
    try:
        expected = client.wait_for_job(one.name, cursor.job_id)
    except ObjectFailed:
        _write_cursor(con, one, replace(cursor, job_id=None, locator=None, rows_done=0))
        raise
    if expected is None:
        cursor = replace(cursor, job_id=None, locator=None, rows_done=0)
    return cursor, expected


def _soql(one: SalesforceObject, selected: Selected, where: str) -> str:
    return f"SELECT {', '.join(selected.by_column.values())} FROM {one.name} WHERE {where}"


def _merge(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    one: SalesforceObject,
    page: pa.Table,
    selected: Selected,
    now: dt.datetime,
) -> int:
    """Merge a page; how many rows were new or differed."""
    if page.num_rows == 0:
        return 0
    with working_folder(settings) as folder:
        con.register("page", page)
        is_deleted = "coalesce(lower(is_deleted), 'false')" if one.has_delete_flag else "'false'"
        columns = ", ".join(
            f'"{selected.by_column[name]}" as {name}'
            if name in selected.by_column
            else f"cast(null as varchar) as {name}"
            for name in one.columns
        )
        try:
            return merge_records(
                con,
                settings,
                schema=SCHEMA,
                table=one.table,
                columns=one.columns,
                key="id",
                stamp="system_modstamp",
                incoming=(
                    f"select *, left(system_modstamp, 19) || 'Z' as _modified_at,"
                    f" {is_deleted} as _is_deleted, {quote(iso(now))} as _extracted_at"
                    f" from (select {columns} from page)"
                ),
                dated_by=one.dated_by,
                folder=Path(folder),
            )
        finally:
            con.unregister("page")


def _reconcile(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    client: SalesforceClient,
    one: SalesforceObject,
    selected: Selected,
    now: dt.datetime,
) -> tuple[int, int]:
    """Compare live ids: what was purged is marked as deleted, what is missing is read.

    The ids are asked for after all changes were merged: what is live in raw and not among them
    was deleted.
    """
    where = " WHERE IsDeleted = false" if one.has_delete_flag else ""
    con.execute("create or replace temp table live_ids (id varchar)")
    for page in client.query(one.name, f"SELECT Id FROM {one.name}{where}"):
        con.register("ids", page)
        con.execute('insert into live_ids select "Id" from ids')
        con.unregister("ids")
    raw = f"{SCHEMA}.{one.table}"
    gone = f"select * from {raw} where _is_deleted = 'false' and id not in (from live_ids)"
    deleted = int(con.execute(f"select count(*) from ({gone})").fetchall()[0][0])
    if deleted:
        con.execute("begin transaction")
        write_changed_months(con, [f"({gone})"], one.dated_by)
        flag = ", is_deleted = 'true'" if one.has_delete_flag else ""
        con.execute(
            f"update {raw} set _is_deleted = 'true'{flag}, _modified_at = $1, _extracted_at = $1"
            " where _is_deleted = 'false' and id not in (from live_ids)",
            [iso(now)],
        )
        con.execute("commit")
    missing = [
        row[0]
        for row in con.execute(
            f"select id from live_ids anti join (from {raw} where _is_deleted = 'false')"
            " using (id) order by id"
        ).fetchall()
    ]
    con.execute("drop table live_ids")
    changed = 0
    for start in range(0, len(missing), IDS_PER_QUERY):
        some = ", ".join(quote(one_id) for one_id in missing[start : start + IDS_PER_QUERY])
        for page in client.query(one.name, _soql(one, selected, f"Id IN ({some})")):
            changed += _merge(con, settings, one, page, selected, now)
    return changed, deleted


def _write_cursor(con: duckdb.DuckDBPyConnection, one: SalesforceObject, cursor: Cursor) -> None:
    write_cursor(con, SCHEMA, one.name, cursor)


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
