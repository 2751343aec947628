"""Salesforce as Fivetran, Airbyte and dlt land it: in raw it is all the same."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, make_url

from orchestration.core.errors import ConfigError, InputError
from orchestration.core.settings import Settings
from orchestration.sources.landed import load as landed_load
from orchestration.sources.landed import places as landed_places
from orchestration.sources.salesforce import client as salesforce_client
from orchestration.sources.salesforce import landed as salesforce_landed
from orchestration.sources.salesforce import objects as salesforce_objects
from orchestration.sources.shared import database
from orchestration.warehouse.connection import connect
from tests.sources.conftest import NOW, Query, address_of
from tests.transform.engines.conftest import Server

# what Salesforce has, in its own names: two users, three deals, two tasks
SOURCE = """
create table "User" as from (values
    ('005A', 'Ann', true, 'ann@acme.com', timestamp '2026-10-01 08:00:00'),
    ('005B', 'Bob', false, null, timestamp '2026-10-02 08:00:00')
) as t ("Id", "Name", "IsActive", "Email", "SystemModstamp");
create table "Opportunity" as from (values
    ('006A', '005A', 'Closed Won', date '2026-10-05', true, true, 1200.50, 'Renewal'),
    ('006B', '005A', 'Prospecting', date '2026-12-05', false, false, null, null),
    ('006C', '005B', 'Closed Lost', date '2026-09-30', true, false, 80, 'New')
) as t ("Id", "OwnerId", "StageName", "CloseDate", "IsClosed", "IsWon", "Amount", "Kind__c");
alter table "Opportunity" add column "CreatedDate" timestamp default '2026-09-01 10:30:00.250';
alter table "Opportunity" add column "SystemModstamp" timestamp default '2026-10-06 09:00:00';
create table "Task" as from (values
    ('00T1', '005A', true, 'Completed', timestamp '2026-10-02 12:00:00', date '2026-10-02'),
    ('00T2', '005A', true, 'Completed', timestamp '2026-08-02 12:00:00', date '2026-08-02')
) as t ("Id", "OwnerId", "IsClosed", "Status", "CompletedDateTime", "ActivityDate");
alter table "Task" add column "SystemModstamp" timestamp default '2026-10-06 09:00:00';
"""
TABLES = ("User", "Opportunity", "Task")
FORMS = ("fivetran", "airbyte", "dlt", "parquet", "sqlite", "postgres")
TYPES = {  # of columns, by DuckDB's; anything else is text
    "sqlite": {"TIMESTAMP": "datetime"},
    "postgres": {"TIMESTAMP": "timestamptz", "DATE": "date", "BOOLEAN": "boolean",
                 "DECIMAL(6,2)": "numeric"},
}  # fmt: skip
FIELDS = "Opportunity.opportunity_type=Kind__c"


class Landing:
    """Tables as one tool lands them, and how to load them."""

    def __init__(self, form: str, folder: Path, settings: Settings, url: str = "") -> None:
        self.form, self.settings = form, settings
        self.file = folder / f"{form}.duckdb"
        self.folder = folder / "lake"
        self.synced = dt.datetime(2026, 11, 1, 3)
        self.environment = {
            "SCORECARD_SALESFORCE_OBJECTS": ",".join(TABLES),
            "SCORECARD_SALESFORCE_FIELDS": FIELDS,
            "SCORECARD_SALESFORCE_LANDED_IN": {
                "parquet": str(self.folder), "sqlite": "main", "postgres": "public",
            }.get(form, "crm"),
            "SCORECARD_DATABASE_URL": url or f"duckdb:///{self.file}",
        }  # fmt: skip
        if form == "sqlite":
            self.environment["SCORECARD_DATABASE_URL"] = f"sqlite:///{folder / 'landed.sqlite'}"
        with duckdb.connect(str(self.file)) as con:
            con.execute(f"create schema crm; {SOURCE}")
        self.land()

    def land(self, change: str = "", deleted: str = "") -> None:
        """Change the source, and land all of it in the form of the tool."""
        with duckdb.connect(str(self.file)) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(change or "select 1")
            for table in TABLES:
                columns = [row[0] for row in con.execute(f'describe "{table}"').fetchall()]
                name, renamed = table, [f'"{column}"' for column in columns]
                is_gone = f"\"Id\" in ('{deleted}')"
                if self.form in ("fivetran", "dlt", "sqlite", "postgres"):
                    name = salesforce_objects.snake(table)
                    snakes = [
                        salesforce_objects.snake(column.replace("__c", "_c")) for column in columns
                    ]
                    renamed = [f'"{c}" as {s}' for c, s in zip(columns, snakes, strict=True)]
                more = {
                    "fivetran": f"{is_gone} as _fivetran_deleted, timestamptz '{self.synced}+00'"
                    " as _fivetran_synced",
                    "airbyte": f"case when {is_gone} then '{self.synced}' end as"
                    f" _ab_cdc_deleted_at, timestamptz '{self.synced}+00' as _airbyte_extracted_at",
                    "dlt": f"{is_gone} as is_deleted, '{self.synced.timestamp()}' as _dlt_load_id",
                    "parquet": f'{is_gone} as "IsDeleted"',
                }.get(self.form) or (
                    f"{is_gone} as _fivetran_deleted, timestamp '{self.synced}' as _fivetran_synced"
                )
                if self.form == "airbyte":  # older destinations write times as text
                    renamed = [
                        f"strftime({c}, '%Y-%m-%dT%H:%M:%S.%g+0000') as {c}"
                        if c == '"SystemModstamp"' else c
                        for c in renamed
                    ]  # fmt: skip
                if self.form == "dlt" and table == "User":
                    name = "sf_user"
                query = f'select {", ".join(renamed)}, {more} from "{table}"'
                if self.form == "parquet":
                    (self.folder / name).mkdir(parents=True, exist_ok=True)
                    con.execute(f"copy ({query}) to '{self.folder / name}/part.parquet'")
                elif self.form in TYPES:
                    self._into_another_database(con, name, query)
                else:
                    con.execute(f'create or replace table crm."{name}" as {query}')

    def _into_another_database(self, con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
        types = TYPES[self.form]
        columns = ", ".join(
            f"{column} {types.get(type_, 'text')}"
            for column, type_, *_ in con.execute(f"describe {query}").fetchall()
        )
        rows = con.execute(query).fetchall()
        engine = create_engine(self.environment["SCORECARD_DATABASE_URL"])
        with engine.begin() as other:
            if self.form == "postgres":
                other.exec_driver_sql("set time zone 'UTC'")
            other.exec_driver_sql(f'drop table if exists "{name}"')
            other.exec_driver_sql(f'create table "{name}" ({columns})')
            for row in rows:
                if self.form == "sqlite":
                    row = [
                        str(c) if isinstance(c, dt.datetime) else database.as_text(c) for c in row
                    ]
                mark = "?" if self.form == "sqlite" else "%s"
                marks = ", ".join([mark] * len(row))
                other.exec_driver_sql(f'insert into "{name}" values ({marks})', tuple(row))
        engine.dispose()

    def load(self, **options: bool) -> dict[str, int]:
        """Load; rows that changed or vanished, by table."""
        chosen = salesforce_client.SalesforceSettings.from_environment(self.environment)
        loads = salesforce_landed.load_landed_salesforce(self.settings, chosen, now=NOW, **options)
        return {load.table_name: load.rows_changed + load.rows_deleted for load in loads}

    def look(self) -> object:
        """What an intraday refresh sees of the landed tables."""
        tables = [
            salesforce_landed.landed_table(
                salesforce_client.SalesforceSettings.from_environment(self.environment),
                salesforce_objects.OBJECT_BY_NAME[name],
            )
            for name in TABLES
        ]
        where = self.environment["SCORECARD_SALESFORCE_LANDED_IN"]
        return landed_load.poll_landed(self.settings, "LANDED_IN", where, tables)


@pytest.fixture(params=FORMS)
def landing(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Landing:
    settings.state_dir.mkdir(parents=True)
    url = ""
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres")
        name = f"landed_{secrets.token_hex(4)}"
        server.execute(f"create database {name}")
        server.execute(f"alter database {name} set timezone = 'America/New_York'")
        url = address_of(server, name)
    made = Landing(request.param, tmp_path, settings, url)
    monkeypatch.setenv("SCORECARD_DATABASE_URL", made.environment["SCORECARD_DATABASE_URL"])
    return made


def test_every_form_becomes_the_same_raw_and_only_changes_are_loaded(
    landing: Landing, query: Query
) -> None:
    assert landing.load() == {"user": 2, "opportunity": 3, "task": 2}
    assert query(
        "select id, owner_id, stage_name, close_date, is_won, cast(amount as double),"
        " custom_opportunity_type, created_date, _is_deleted"
        " from raw_salesforce.opportunity order by id"
    ) == [
        ("006A", "005A", "Closed Won", "2026-10-05", "true", 1200.5, "Renewal",
         "2026-09-01T10:30:00.250Z", "false"),
        ("006B", "005A", "Prospecting", "2026-12-05", "false", None, None,
         "2026-09-01T10:30:00.250Z", "false"),
        ("006C", "005B", "Closed Lost", "2026-09-30", "false", 80, "New",
         "2026-09-01T10:30:00.250Z", "false"),
    ]  # fmt: skip
    assert query("select id, is_active, email, system_modstamp, _modified_at"
                 " from raw_salesforce.user order by id") == [
        ("005A", "true", "ann@acme.com", "2026-10-01T08:00:00.000Z", "2026-10-01T08:00:00Z"),
        ("005B", "false", None, "2026-10-02T08:00:00.000Z", "2026-10-02T08:00:00Z"),
    ]  # fmt: skip
    assert landing.load() == {"user": 0, "opportunity": 0, "task": 0}

    seen = landing.look()
    assert landing.look() == seen

    with connect(landing.settings) as con:
        con.execute("delete from raw_files._changed_months")
    landing.synced += dt.timedelta(days=3)
    landing.land(
        """update "Opportunity" set "Amount" = 90 where "Id" = '006C';"""
        """update "Task" set "CompletedDateTime" = '2026-10-15 12:00:00' where "Id" = '00T2'""",
        deleted="005B",
    )
    if landing.form != "parquet":  # without a mark of the tool, only SystemModstamp could tell
        assert landing.look() != seen
    assert landing.load() == {"user": 1, "opportunity": 1, "task": 1}
    assert query("select id, _is_deleted from raw_salesforce.user order by id") == [
        ("005A", "false"),
        ("005B", "true"),
    ]
    assert query("select cast(amount as double) from raw_salesforce.opportunity"
                 " where id = '006C'") == [(90,)]  # fmt: skip
    months = query("select cast(month_start as varchar) from raw_files._changed_months order by 1")
    assert months == [("2026-08-01",), ("2026-10-01",)]

    # a row that is gone is kept as deleted, though nothing else was written; it may come back
    landing.land("""create table gone as from "Task" where "Id" = '00T1';"""
                 """delete from "Task" where "Id" = '00T1'""")  # fmt: skip
    assert landing.load() == {"user": 1, "opportunity": 0, "task": 1}
    live = "select id from raw_salesforce.task where _is_deleted = 'false' order by id"
    assert query(live) == [("00T2",)]
    landing.land('insert into "Task" by name from gone')
    assert landing.load() == {"user": 0, "opportunity": 0, "task": 1}
    assert query(live) == [("00T1",), ("00T2",)]


@pytest.mark.parametrize("landing", ["fivetran"], indirect=True)
def test_what_is_missing_or_wrong_is_said_in_words(landing: Landing) -> None:
    landing.land('alter table "Opportunity" drop column "Amount"')
    with pytest.raises(InputError) as missing:
        landing.load()
    said = str(missing.value)
    assert "table opportunity in schema crm" in said
    assert "no column for Amount (there: id, owner_id, stage_name" in said
    landing.land('alter table "Opportunity" add column "Amount" varchar default \'12 EUR\'')
    with pytest.raises(InputError, match=r"amount of 006A: '12 EUR' is not a number.*3 such rows"):
        landing.load()
    with duckdb.connect(str(landing.file)) as con:
        con.execute("drop table crm.task")
    with pytest.raises(
        InputError, match=r"has no table Task .there: opportunity, user.*leave Task"
    ):
        landing.load()
    landing.environment["SCORECARD_SALESFORCE_LANDED_IN"] = "/nowhere"
    with pytest.raises(InputError, match="LANDED_IN: /nowhere is not a folder"):
        landing.load()


@pytest.mark.parametrize("landing", ["fivetran"], indirect=True)
def test_the_newest_version_counts_where_a_tool_keeps_them_all(
    landing: Landing, query: Query
) -> None:
    with duckdb.connect(str(landing.file)) as con:
        con.execute(
            "alter table crm.task add column _fivetran_active boolean default true;"
            "insert into crm.task by name select * replace ('Open' as status,"
            " false as _fivetran_active) from crm.task where id = '00T1';"
            "update crm.task set _fivetran_active = false where id = '00T2'"
        )
    landing.load()
    assert query("select id, status, _is_deleted from raw_salesforce.task order by id") == [
        ("00T1", "Completed", "false"),
        ("00T2", "Completed", "true"),
    ]


@pytest.mark.parametrize("landing", ["postgres"], indirect=True)
def test_what_postgresql_refuses_is_said_without_secrets(
    landing: Landing, query: Query, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = landing.environment["SCORECARD_DATABASE_URL"]
    name = str(make_url(url).database)
    postgres.execute(
        "create view seen as select * from task; alter table task rename to gone", name
    )
    with pytest.raises(InputError, match=r"has no table Task .there: .*gone.*seen"):
        landing.load()
    postgres.execute(
        "drop view seen; create materialized view task as select * from gone;"
        " create role reader login password 'r3ader-canary';"
        " grant select on opportunity, task to reader",
        name,
    )
    reader = url.replace(f"scorecard:{postgres.password}", "reader:r3ader-canary")
    try:
        monkeypatch.setenv("SCORECARD_DATABASE_URL", reader)
        with pytest.raises(InputError, match="permission denied for table user") as denied:
            landing.load()
        monkeypatch.setenv("SCORECARD_DATABASE_URL", reader.replace("r3ader", "other"))
        with pytest.raises(InputError, match="password authentication failed") as refused:
            landing.load()
    finally:
        postgres.execute("drop owned by reader; drop role reader", name)
    assert "canary" not in f"{denied.value} {refused.value}"
    monkeypatch.setenv("SCORECARD_DATABASE_URL", url)
    landing.load()
    assert query("select count(*) from raw_salesforce.task") == [(2,)]  # of the materialized view


def test_no_message_shows_what_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "s3cr3t-canary"
    with duckdb.connect() as con:
        for url in (f"nonsense {secret}", f"nodriver://u:{secret}@host/db"):
            monkeypatch.setenv("SCORECARD_DATABASE_URL", url)
            with (
                pytest.raises(ConfigError) as failed,
                landed_places.open_place(con, "LANDED_IN", "crm"),
            ):
                pass
            assert secret not in str(failed.value)
        monkeypatch.delenv("SCORECARD_DATABASE_URL")
        with (
            pytest.raises(ConfigError, match="SCORECARD_DATABASE_URL is missing"),
            landed_places.open_place(con, "LANDED_IN", "crm"),
        ):
            pass
