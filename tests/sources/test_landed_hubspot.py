"""HubSpot as Fivetran, Airbyte and dlt land it: in raw it is all the same."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import create_engine

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.hubspot import landed as hubspot_landed
from orchestration.sources.hubspot import objects as hubspot_objects
from orchestration.sources.hubspot.client import HubSpotSettings
from orchestration.sources.landed.matching import normalise
from orchestration.sources.shared import database
from orchestration.sources.shared.load import TableLoad
from tests.sources.conftest import NOW, Query, address_of
from tests.transform.engines.conftest import Server

# Airbyte's form with a column per property is that of the Maven sample's test. In PostgreSQL lies
# its form with one column of JSON, in SQLite Fivetran's
FORMS = ("fivetran", "dlt", "postgres", "sqlite")
TYPES = {  # of columns, by DuckDB's; anything else is text
    "sqlite": {"TIMESTAMP WITH TIME ZONE": "datetime"},
    "postgres": {"TIMESTAMP WITH TIME ZONE": "timestamptz", "BOOLEAN": "boolean", "JSON": "jsonb",
                 "BIGINT": "bigint", "INTEGER": "bigint"},
}  # fmt: skip
# what HubSpot has, in its own names; times and numbers as text, as the API tells them
SOURCE = """
create table deals as from (values
    ('11', '41', 'won', 'default', '1200.5', '2026-10-05T12:00:00Z', null),
    ('12', '41', 'new', 'default', null, null, '13'),
    ('13', '42', 'new', 'default', '80', null, null)
) as t (id, hubspot_owner_id, dealstage, pipeline, amount, closedate, hs_merged_object_ids);
alter table deals add column createdate varchar default '2026-09-01T10:30:00.250Z';
alter table deals add column hs_lastmodifieddate varchar default '2026-10-06T09:00:00Z';
alter table deals add column kind varchar default 'Renewal';
create table calls as from (values
    ('21', '41', '2026-10-02T12:00:00Z', 'f240bbac-87c9-4f6e-bf70-924b57d47db7', '65000'),
    ('22', '41', '2026-08-02T12:00:00Z', null, null)
) as t (id, hubspot_owner_id, hs_timestamp, hs_call_disposition, hs_call_duration);
alter table calls add column hs_lastmodifieddate varchar default '2026-10-06T09:00:00Z';
create table pairs as from (values
    ('deals', '11', 'contacts', '9'), ('deals', '11', 'contacts', '31'),
    ('calls', '21', 'contacts', '31'), ('calls', '21', 'deals', '11')
) as t (object, id, other, other_id);
create table history as from (values
    ('11', 'dealstage', 'new', '2026-09-01T10:30:00.250Z'),
    ('11', 'dealstage', 'won', '2026-10-05T12:00:00.000Z'),
    ('11', 'amount', '1200.5', '2026-10-05T12:00:00.000Z')
) as t (id, name, value, changed);
create table gone (object varchar, id varchar);
"""
LINKS = {"deals": ("contacts", "companies"), "calls": ("deals", "contacts", "companies")}
TYPED = {"amount": "double", "hs_call_duration": "double", "hubspot_owner_id": "bigint",
         "closedate": "timestamptz", "createdate": "timestamp", "hs_timestamp": "timestamp",
         "hs_lastmodifieddate": "timestamp", "id": "bigint"}  # fmt: skip
RENAMED = {"hubspot_owner_id": "owner_id", "dealstage": "deal_pipeline_stage_id",
           "pipeline": "deal_pipeline_id"}  # fmt: skip
FIELDS = "deals.opportunity_type=kind"


class Landing:
    """Tables as one tool lands them, and how to load them."""

    def __init__(self, form: str, folder: Path, settings: Settings, url: str = "") -> None:
        self.form, self.settings = form, settings
        self.file = folder / "landed.duckdb"
        self.synced = dt.datetime(2026, 11, 1, 3)
        self.url = url or f"duckdb:///{self.file}"
        if form == "sqlite":
            self.url = f"sqlite:///{folder / 'landed.sqlite'}"
        with duckdb.connect(str(self.file)) as con:
            con.execute(f"create schema crm; {SOURCE}")
        self.land()

    @property
    def chosen(self) -> HubSpotSettings:
        return HubSpotSettings.from_environment(
            {
                "SCORECARD_HUBSPOT_LANDED_IN": {
                    "sqlite": "main",
                    "postgres": "public",
                }.get(self.form, "crm"),
                "SCORECARD_HUBSPOT_OBJECTS": "deals,calls",
                "SCORECARD_HUBSPOT_FIELDS": FIELDS,
            }
        )

    def load(self, *, full: bool = False) -> dict[str, TableLoad]:
        loads = hubspot_landed.load(self.settings, self.chosen, full=full, now=NOW)
        return {load.table_name: load for load in loads}

    def changes(self) -> dict[str, int]:
        """Rows that changed or vanished, by table in which there were any."""
        loads = {name: one.rows_changed + one.rows_deleted for name, one in self.load().items()}
        return {name: number for name, number in loads.items() if number}

    def land(self, change: str = "") -> None:
        """Change the source, and land all of it in the form of the tool."""
        with duckdb.connect(str(self.file)) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(change or "select 1")
            write = {"fivetran": self._fivetran, "sqlite": self._fivetran, "dlt": self._dlt}
            write.get(self.form, self._airbyte)(con)
            if self.form in TYPES:
                self._into_another_database(con)

    def _table(self, con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
        con.execute(f"create or replace table crm.{name} as {query}")

    def _columns(self, con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
        return [row[0] for row in con.execute(f"describe {table}").fetchall()]

    def _fivetran(self, con: duckdb.DuckDBPyConnection) -> None:
        stamped = f"timestamptz '{self.synced}+00' as _fivetran_synced"
        for name, table, key in (("deals", "deal", "deal_id"),
                                 ("calls", "engagement_call", "engagement_id")):  # fmt: skip
            cells = []
            for column in self._columns(con, name):
                landed = f"property_{column}"
                if column == "id":
                    landed = key
                elif name == "deals":
                    landed = RENAMED.get(column, landed)
                cells.append(f"cast({column} as {TYPED.get(column, 'varchar')}) as {landed}")
            is_gone = f"id in (select id from gone where object = '{name}') as _fivetran_deleted"
            self._table(con, table, f"select {', '.join(cells)}, {is_gone}, {stamped} from {name}")
            for to in LINKS[name]:
                start, one = key.removesuffix("_id"), hubspot_objects.SINGULAR[to]
                self._table(
                    con,
                    f"{start}_{one}",
                    f"select cast(id as bigint) as {key}, cast(other_id as bigint) as {one}_id,"
                    f" {stamped} from pairs where object = '{name}' and other = '{to}'",
                )
        self._table(
            con,
            "deal_property_history",
            "select cast(id as bigint) as deal_id, name, value, cast(changed as timestamptz)"
            f" as timestamp, {stamped} from history",
        )
        if self.form == "fivetran":  # the one that has only stages is read
            self._table(con, "deal_stage", "select cast(id as bigint) as deal_id, value,"
                        " cast(changed as timestamptz) as date_entered, false as _fivetran_active,"
                        f" {stamped} from history where name = 'dealstage'")  # fmt: skip
            self._table(con, "deal_property_history", "select 1 as unusable")
        self._table(
            con, "owner",
            "select 41 as owner_id, 7 as active_user_id, 'ann@acme.com' as email, 'Ann' as"
            " first_name, 'Lee' as last_name, timestamp '2026-01-01' as updated_at,"
            " false as _fivetran_deleted union all select 42, null, 'bob@acme.com', 'Bob', 'Ray',"
            " timestamp '2026-05-01', true",
        )  # fmt: skip
        self._table(con, "owner_team", "from (values (41, 1, false), (41, 2, true))"
                    " as t (owner_id, team_id, is_team_primary)")  # fmt: skip
        self._table(con, "team", "from (values (1, 'South'), (2, 'North')) as t (id, name)")
        self._table(
            con, "deal_pipeline_stage",
            "from (values ('default', 'new', 'New', 0.1, false), ('default', 'won', 'Won', 1.0,"
            " true)) as t (pipeline_id, stage_id, label, probability, is_closed)",
        )  # fmt: skip
        self._table(con, "deal_pipeline",
                    "select 'default' as pipeline_id, 'Sales' as label")  # fmt: skip

    def _airbyte(self, con: duckdb.DuckDBPyConnection) -> None:
        stamped = f"timestamptz '{self.synced}+00' as _airbyte_extracted_at"
        for name, table in (("deals", "deals"), ("calls", "engagements_calls")):
            columns = [column for column in self._columns(con, name) if column != "id"]
            if self.form == "airbyte":
                properties = ", ".join(f"{column} as properties_{column}" for column in columns)
            else:
                packed = ", ".join(f"{column} := {column}" for column in columns)
                properties = f"to_json(struct_pack({packed})) as properties"
            links = ", ".join(
                f"(select to_json(list(other_id)) from pairs where object = '{name}'"
                f" and other = '{to}' and pairs.id = {name}.id) as {to}"
                for to in LINKS[name]
            )
            self._table(
                con,
                table,
                f"select id, {properties}, {links}, false as archived, {stamped} from {name}",
            )
            self._table(
                con,
                f"{table}_archived",
                f"select id, true as archived, {stamped} from gone where object = '{name}'",
            )
        self._table(
            con,
            "deals_property_history",
            'select id as "dealId", name as property, value, epoch_ms(cast(changed as timestamptz))'
            f" as timestamp, {stamped} from history",
        )
        owners = (
            "select '{id}' as id, '{name}@acme.com' as email, '{first}' as \"firstName\","
            " '{last}' as \"lastName\", {user} as \"userId\", '{updated}T00:00:00Z' as"
            " \"updatedAt\", {archived} as archived, '{teams}' as teams"
        )
        teams = '[{"name": "South", "primary": false}, {"name": "North", "primary": true}]'
        ann = {"id": 41, "name": "ann", "first": "Ann", "last": "Lee", "user": 7, "teams": teams}
        bob = {"id": 42, "name": "bob", "first": "Bob", "last": "Ray", "user": "null", "teams": []}
        self._table(con, "owners", owners.format(**ann, updated="2026-01-01", archived="false"))
        self._table(
            con, "owners_archived", owners.format(**bob, updated="2026-05-01", archived="true")
        )
        stages = (
            '[{"stageId": "new", "label": "New", "metadata":'
            ' {"isClosed": "false", "probability": "0.1"}},'
            ' {"stageId": "won", "label": "Won", "metadata":'
            ' {"isClosed": "true", "probability": "1.0"}}]'
        )
        self._table(con, "deal_pipelines", "select 'default' as \"pipelineId\", 'Sales' as label,"
                    f" '{stages}' as stages")  # fmt: skip

    def _dlt(self, con: duckdb.DuckDBPyConnection) -> None:
        """As its verified source lands deals, and a source of one's own lands the rest."""
        stamped = f"'{self.synced.timestamp()}' as _dlt_load_id"
        for name in ("deals", "calls"):
            links = ", ".join(
                f"(select list(other_id) from pairs where object = '{name}' and other = '{to}'"
                f" and pairs.id = {name}.id) as {to}"
                for to in LINKS[name]
            )
            is_gone = f"id in (select id from gone where object = '{name}') as is_deleted"
            self._table(con, name, f"select *, {links}, {is_gone}, {stamped} from {name}")
        self._table(
            con,
            "deals_property_history",
            "select id as hs_object_id, name as property_name, value, changed as timestamp,"
            f" {stamped} from history",
        )
        self._table(
            con, "owners",
            "select '41' as id, 'ann@acme.com' as email, 'Ann' as first_name, 'Lee' as last_name,"
            " 7 as user_id, timestamptz '2026-01-01' as updated_at, false as archived, 'x' as"
            " _dlt_id union all select '42', 'bob@acme.com', 'Bob', 'Ray', null,"
            " timestamptz '2026-05-01', true, 'y'",
        )  # fmt: skip
        self._table(con, "owners__teams", "from (values ('x', 'South', false), ('x', 'North',"
                    ' true)) as t (_dlt_parent_id, name, "primary")')  # fmt: skip
        self._table(con, "pipelines_deals",
                    "select 'default' as id, 'Sales' as label, 'p' as _dlt_id")  # fmt: skip
        self._table(
            con, "pipelines_deals__stages",
            "from (values ('p', 'new', 'New', 'false', '0.1'), ('p', 'won', 'Won', 'true', '1.0'))"
            " as t (_dlt_parent_id, id, label, metadata__is_closed, metadata__probability)",
        )  # fmt: skip

    def _into_another_database(self, con: duckdb.DuckDBPyConnection) -> None:
        engine = create_engine(self.url)
        types = TYPES[self.form]
        tables = con.execute(
            "select table_name from information_schema.tables where table_schema = 'crm'"
        ).fetchall()
        with engine.begin() as other:
            for (table,) in tables:
                described = con.execute(f"describe crm.{table}").fetchall()
                columns = ", ".join(
                    f'"{name}" {types.get(type_, "text")}' for name, type_, *_ in described
                )
                other.exec_driver_sql(f'drop table if exists "{table}"')
                other.exec_driver_sql(f'create table "{table}" ({columns})')
                for row in con.execute(f"from crm.{table}").fetchall():
                    cells: tuple[Any, ...] = row
                    if self.form == "sqlite":  # it has no type of times, and no zones
                        cells = tuple(
                            str(cell.replace(tzinfo=None)) if isinstance(cell, dt.datetime)
                            and type_ in types else database.as_text(cell)
                            for cell, (_, type_, *_) in zip(row, described, strict=True)
                        )  # fmt: skip
                    mark = "?" if self.form == "sqlite" else "%s"
                    marks = ", ".join([mark] * len(cells))
                    other.exec_driver_sql(f'insert into "{table}" values ({marks})', cells)
        engine.dispose()


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
        url = address_of(server, name)
    made = Landing(request.param, tmp_path, settings, url)
    monkeypatch.setenv("SCORECARD_DATABASE_URL", made.url)
    return made


def test_every_form_becomes_the_same_raw_and_only_changes_are_loaded(
    landing: Landing, query: Query
) -> None:
    assert landing.changes() == {
        "owner": 2, "pipeline_stage": 2, "deal": 3, "call": 2, "deal_stage_history": 2,
        "property_option": 6,
    }  # fmt: skip
    assert query(
        "select id, hubspot_owner_id, dealstage, pipeline, cast(amount as double), closedate,"
        " createdate, contact_ids, custom_opportunity_type, _is_deleted"
        " from raw_hubspot.deal order by id"
    ) == [
        ("11", "41", "won", "default", 1200.5, "2026-10-05T12:00:00.000Z",
         "2026-09-01T10:30:00.250Z", "9;31", "Renewal", "false"),
        ("12", "41", "new", "default", None, None,
         "2026-09-01T10:30:00.250Z", None, "Renewal", "false"),
        # it was merged into 12
        ("13", "42", "new", "default", 80, None,
         "2026-09-01T10:30:00.250Z", None, "Renewal", "true"),
    ]  # fmt: skip
    assert query(
        "select id, hubspot_owner_id, hs_timestamp, cast(hs_call_duration as double), contact_ids,"
        " deal_ids, company_ids, _modified_at from raw_hubspot.call order by id"
    ) == [
        ("21", "41", "2026-10-02T12:00:00.000Z", 65000, "31", "11", None, "2026-10-06T09:00:00Z"),
        ("22", "41", "2026-08-02T12:00:00.000Z", None, None, None, None, "2026-10-06T09:00:00Z"),
    ]
    assert query("select id, deal_id, stage_id, changed_at"
                 " from raw_hubspot.deal_stage_history order by changed_at") == [
        ("11/2026-09-01T10:30:00.250Z/new", "11", "new", "2026-09-01T10:30:00.250Z"),
        ("11/2026-10-05T12:00:00.000Z/won", "11", "won", "2026-10-05T12:00:00.000Z"),
    ]  # fmt: skip
    assert query("select id, user_id, email, first_name, last_name, team, is_archived, updated_at,"
                 " _is_deleted from raw_hubspot.owner order by id") == [
        ("41", "7", "ann@acme.com", "Ann", "Lee", "North", "false", "2026-01-01T00:00:00.000Z",
         "false"),
        ("42", None, "bob@acme.com", "Bob", "Ray", None, "true", "2026-05-01T00:00:00.000Z",
         "false"),
    ]  # fmt: skip
    assert query(
        "select id, pipeline_id, pipeline_label, label, is_closed, cast(probability as double)"
        " from raw_hubspot.pipeline_stage order by id"
    ) == [
        ("default/new", "default", "Sales", "New", "false", 0.1),
        ("default/won", "default", "Sales", "Won", "true", 1),
    ]
    assert query("select label from raw_hubspot.property_option where value like 'f240%'") == [
        ("Connected",)
    ]
    assert landing.changes() == {}

    # only what the tool wrote is read; an association counts as well, though its record is old
    landing.synced += dt.timedelta(days=3)
    landing.land(
        "update calls set hs_timestamp = '2026-10-15T12:00:00Z' where id = '22';"
        "insert into gone values ('deals', '12');"
        "insert into pairs values ('calls', '22', 'contacts', '31')"
    )
    assert landing.changes() == {"deal": 1, "call": 1}
    assert query("select contact_ids from raw_hubspot.call where id = '22'") == [("31",)]
    live = "select id from raw_hubspot.{} where _is_deleted = 'false' order by id"
    assert query(live.format("deal")) == [("11",)]
    months = query("select cast(month_start as varchar) from raw_files._changed_months order by 1")
    assert months == [("2026-08-01",), ("2026-10-01",)]
    assert landing.changes() == {}

    # a row that is gone without a word is kept as deleted
    landing.land("delete from calls where id = '21'")
    assert landing.changes() == {"call": 1}
    assert query(live.format("call")) == [("22",)]


@pytest.mark.parametrize("landing", ["fivetran"], indirect=True)
def test_a_change_of_associations_or_a_merge_alone_is_seen(landing: Landing, query: Query) -> None:
    landing.load()
    with duckdb.connect(str(landing.file)) as con:
        con.execute(
            "insert into crm.engagement_contact values (22, 9, timestamptz '2026-11-04 00:00+00');"
            "create table crm.merged_deal as select 12 as deal_id, 11 as merged_deal_id,"
            " timestamptz '2026-11-04 00:00+00' as _fivetran_synced"
        )
    assert landing.changes() == {"deal": 1, "call": 1}
    assert query("select contact_ids from raw_hubspot.call where id = '22'") == [("9",)]
    assert query("select id from raw_hubspot.deal where _is_deleted = 'false'") == [("12",)]
    assert landing.changes() == {}


@pytest.mark.parametrize("landing", ["fivetran", "airbyte nested"], indirect=True)
def test_what_is_missing_is_said_in_words_and_left_empty_where_it_may(
    landing: Landing, query: Query
) -> None:
    said, warnings = hubspot_landed.check(landing.chosen)
    assert "6 tables can be read" in said
    assert any("hs_is_closed" in warning for warning in warnings)
    assert any("own names for the outcomes of calls" in warning for warning in warnings)
    landing.land("alter table calls drop column hs_call_duration; alter table deals drop amount")
    with pytest.raises(InputError) as missing:
        landing.load()
    said = str(missing.value)
    assert "1 of 6 objects could not be read" in said
    assert "has no column for amount (there: " in said
    assert "hs_lastmodifieddate" in said.split("there:")[1]
    assert query("select hs_call_duration from raw_hubspot.call where id = '21'") == [(None,)]
    with duckdb.connect(str(landing.file)) as con:
        owners = next(t for (t,) in con.execute("select table_name from duckdb_tables()"
                      " where schema_name = 'crm' and table_name like 'owner%'").fetchall()
                      if normalise(t) in ("owner", "owners"))  # fmt: skip
        con.execute(f"drop table crm.{owners}")
    with pytest.raises(InputError, match="has no table owner"):
        landing.load()


@pytest.mark.parametrize("landing", ["airbyte"], indirect=True)
def test_a_look_changes_when_a_record_does(landing: Landing) -> None:
    seen = hubspot_landed.poll(landing.settings, landing.chosen)
    assert set(seen["found"]) == {"deal", "call"}
    assert hubspot_landed.poll(landing.settings, landing.chosen) == seen
    landing.synced += dt.timedelta(minutes=5)
    landing.land("update calls set hs_timestamp = '2026-10-15T12:00:00Z' where id = '22'")
    assert hubspot_landed.poll(landing.settings, landing.chosen) != seen
