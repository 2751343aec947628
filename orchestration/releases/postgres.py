"""The served warehouse: releases in PostgreSQL, behind views that show each login their rows.

A release is copied into a schema of its own, whose tables become partitions of the served ones. The
views in `scorecard` are all that readers may query, and stay as they are: each transaction sees the
release that was shown when it began, so a new one needs no lock. A reader gets the rows that
`orchestration.releases.audiences` gives them, through a fence that no condition of theirs passes.
Analysts, who are members of `scorecard_analyst`, see everything. `sql/` holds the statements.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from orchestration.core.errors import ConfigError, PublishError
from orchestration.core.fingerprint import hash_values
from orchestration.core.settings import Settings
from orchestration.releases.audiences import (
    HOW_TO_LET_IN,
    RULES,
    Company,
    Rule,
    View,
    find_audiences,
)
from orchestration.releases.release import Release, current_release, open_tables
from orchestration.releases.tables import SORT_COLUMNS
from orchestration.transform.engines.postgres import Session, first_line
from orchestration.warehouse.connection import quote

VIEWS = "scorecard"
PREFIX = "scorecard_release_"
SERVED = "scorecard_served_"  # and a fingerprint of the shape: columns, rules and statements
GONE = "scorecard_gone_"
READER = "scorecard_reader"
ANALYST = "scorecard_analyst"
KEPT = 3
KEPT_SECONDS = 600  # a transaction that began less long ago finds its release
# time from the statement until a release is shown: it must be committed by then
LEAD_SECONDS = 1.0
LONGEST_NAME = 63  # of a role, in bytes
OURS = "Made by scorecard roles"
# we give up waiting for readers before the server looks for deadlocks, so none of them fails
LOCK_MILLISECONDS = 700
LONGEST_WAIT = 600.0

# the site has no such tables
RULES_OF_MARTS = {
    **RULES,
    "dim_dates": Rule("all"),
    "excluded_records": Rule("own"),
    "fct_counted_records": Rule("own"),
    "fct_lagging_metrics_daily": Rule("own"),
    "fct_leading_metrics_daily": Rule("own"),
}
# which rows a person other than an analyst sees, by the rule of the table; aggregates of a team are
# shown to whoever manages everybody in it, because SQL could subtract the others
ROWS = {
    "all": "true",
    "own": "{rep}",
    "team": "team_scope = 'team' and {whole_team}",
    "role": "coalesce(role, '') = '' or {role}",
    "goals": "scope in ('region', 'org') or (scope = 'rep' and {scope_rep})"
    " or (scope = 'team' and {scope_team}) or (scope = 'role' and {scope_role})",
    "signals": "{rep} or (rep_id is null and ({whole_team} or team is null"
    " and signal_status = 'not_measurable'))",
    "none": "false",
}
# column of the table and kind of access behind each name above
PREDICATES = {
    "rep": ("rep_id", "rep"),
    "whole_team": ("team", "whole_team"),
    "role": ("role", "role"),
    "scope_rep": ("scope_value", "rep"),
    "scope_team": ("scope_value", "team"),
    "scope_role": ("scope_value", "own_role"),
}


_Tables = dict[str, dict[str, str]]  # by name: columns with their types


def serve_release(settings: Settings) -> str:
    """Make PostgreSQL show the current release; the name of its schema.

    A release that is there already, as after a rollback, is only shown again.

    Raises:
        ConfigError: the packages are missing, or the server lacks the roles.
        PublishError: the server cannot be reached, or readers held views that must be replaced
            for too long; what it showed before it still shows.
    """
    release = _current(settings)
    with _connect(settings) as server:
        server.require_roles()
        # one publisher at a time; two companies need two databases
        server.execute(f"select pg_advisory_lock(hashtext('{VIEWS}'))")
        with open_tables(release.database) as connection:
            tables = _tables(connection)
            if unknown := sorted(tables.keys() - RULES_OF_MARTS.keys()):
                raise PublishError(
                    f"orchestration/releases/postgres.py has no rule for {', '.join(unknown)}, so "
                    "nobody knows who may see it. PostgreSQL still shows what it showed before."
                )
            served = SERVED + _shape(tables)
            if not server.has_schema(served):
                server.run(_sql("served_schema", served=served))
            publication, schema = _add_release(server, connection, release, served, tables)
            _write_access(server, connection, settings, f"{served}._access", publication)
        server.commit()  # a copy is there whole or not at all
        if _are_views(server, served, tables):
            _show(server, served, publication)
        else:
            _replace_views(server, served, publication, tables)
        _drop_old(server, served)
    return schema


def check_server(settings: Settings) -> str:
    """That the server can be used, in words.

    Raises:
        ConfigError: the packages, the database, the roles or a right are missing.
        PublishError: the server cannot be reached.
    """
    with _connect(settings) as server:
        server.require_version(server.where)
        server.require_roles()
        ((user, name, may_create),) = server.fetch(
            "select current_user, current_database(),"
            " has_database_privilege(current_database(), 'create')"
        )
        if not may_create:
            raise ConfigError(
                f"{server.where}: {user} may not create schemas. An administrator can allow it:\n"
                f'grant create on database "{name}" to "{user}"'
            )
        return f"{server.where} can be served."


def make_roles(settings: Settings) -> list[str]:
    """Create the roles of readers, and a login for each person; what was done, line by line.

    A login has no password: the company's own sign-in (LDAP, Kerberos, certificates) or
    `\\password` says who may use it. People who left lose theirs. Other logins are not touched.

    Raises:
        ConfigError: the packages are missing, or the user may not create roles.
        PublishError: the server cannot be reached, or nothing is published yet.
    """
    with open_tables(_current(settings).database) as connection:
        audiences, left_out = find_audiences(Company(connection), settings.analysts, {})
    wanted = {
        email: ANALYST if audience.person is None else READER
        for audience in audiences
        for email in audience.emails
    }
    done = [f"{rep_id}: no login, {reason}" for rep_id, reason in left_out.items()]
    if left_out:
        done.append(HOW_TO_LET_IN)
    with _connect(settings) as server:
        if server.fetch(
            "select rolcreaterole or rolsuper from pg_roles where rolname = current_user"
        )[0] != (True,):
            raise ConfigError(
                f"{server.where}: this user may not create roles. Run `scorecard roles` with "
                "SCORECARD_SERVING_URL of an administrator (docs/postgres.md)."
            )
        for group in (READER, ANALYST):
            if not server.has_role(group):
                server.execute(f"create role {group} nologin")
                done.append(f"{group}: created")
        server.execute(f"grant {READER} to {ANALYST}")
        before = {
            name: (can_login, groups)
            for name, can_login, groups in server.fetch(_sql("served_logins", ours=OURS))
        }
        for email, group in sorted(wanted.items()):
            if len(email.encode()) > LONGEST_NAME:
                done.append(f"{email}: no login, PostgreSQL's names end at {LONGEST_NAME} bytes")
            elif before.get(email) != (True, group):
                done.append(server.make_login(email, group, is_ours=email in before))
        for email in sorted(before.keys() - wanted.keys()):
            if before[email] != (False, ""):
                server.take_login(email)
                done.append(f"{email}: may not sign in any more")
        server.commit()
    return done


def _current(settings: Settings) -> Release:
    release = current_release(settings)
    if release is None:
        raise PublishError(
            f"Nothing of '{settings.company}' is published yet. Run `scorecard refresh` first."
        )
    return release


class _Server(Session):
    """A connection to the served database."""

    def __init__(self, connection: Any, where: str) -> None:
        super().__init__(connection)
        self.where = where

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def run(self, *statements: str) -> None:
        """Run several statements at once; the driver takes one at a time."""
        self.execute(f"do $scorecard$ begin {' '.join(statements)} end $scorecard$")

    def tries(self, statement: str) -> bool:
        """Run a statement that may have to wait for readers; whether it was done in time."""
        import adbc_driver_postgresql.dbapi as adbc

        try:
            self.execute(f"set local lock_timeout = {LOCK_MILLISECONDS}")
            self.execute(statement)
        except adbc.Error:
            self.rollback()
            return False
        self.commit()
        return True

    def has_schema(self, name: str) -> bool:
        return bool(self.fetch(f"select 1 from pg_namespace where nspname = {quote(name)}"))

    def has_role(self, name: str) -> bool:
        return bool(self.fetch(f"select 1 from pg_roles where rolname = {quote(name)}"))

    def require_roles(self) -> None:
        if not (self.has_role(READER) and self.has_role(ANALYST)):
            raise ConfigError(
                f"{self.where}: the roles {READER} and {ANALYST} are missing. Run `scorecard roles`"
                " once with SCORECARD_SERVING_URL of an administrator (docs/postgres.md)."
            )

    def make_login(self, email: str, group: str, *, is_ours: bool) -> str:
        """Let a person sign in as a member of one of the two groups."""
        if not is_ours and self.has_role(email):
            return f"{email}: left alone, a role of this name is there that is not ours"
        self.execute(f'{"alter" if is_ours else "create"} role "{email}" login')
        self.execute(f'comment on role "{email}" is {quote(OURS)}')
        self.execute(f'revoke {READER if group == ANALYST else ANALYST} from "{email}"')
        self.execute(f'grant {group} to "{email}"')
        return (
            f"{email}: may sign in and sees {'everything' if group == ANALYST else 'their people'}"
        )

    def take_login(self, email: str) -> None:
        """Nobody signs in by this name any more."""
        self.execute(f'alter role "{email}" nologin')
        self.execute(f'revoke {READER}, {ANALYST} from "{email}"')


@contextmanager
def _connect(settings: Settings) -> Iterator[_Server]:
    try:
        import adbc_driver_postgresql.dbapi as adbc
    except ImportError as error:
        raise ConfigError(
            f"SCORECARD_SERVING_URL is set, but {error.name} is not installed. "
            "Run: .venv/bin/pip install '.[postgres]'"
        ) from error
    address = urlsplit(settings.serving_url)
    where = f"postgresql://{address.hostname or ''}:{address.port or 5432}{address.path}"
    try:
        with adbc.connect(settings.serving_url) as connection:
            yield _Server(connection, where)
    except adbc.Error as error:
        if f'database "{address.path[1:]}" does not exist' in str(error):
            raise ConfigError(
                f"{where}: there is no such database. Create it as docs/postgres.md says:\n"
                f"create database {address.path[1:]} template template0 encoding 'UTF8'"
            ) from error
        raise PublishError(
            f"{where}: {first_line(error)}. Check that the server runs, SCORECARD_SERVING_URL and "
            "the rights of its user; it still shows what it showed before. The release itself is "
            "published."
        ) from error


def _sql(name: str, **values: str) -> str:
    text = (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return text.format(views=VIEWS, reader=READER, analyst=ANALYST, **values)


def _tables(connection: duckdb.DuckDBPyConnection) -> _Tables:
    """The tables of a release with their columns and types."""
    found: _Tables = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where schema_name = 'marts' order by table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _shape(tables: _Tables) -> str:
    """What releases share that are partitions of the same tables, behind the same views."""
    statements = [_sql("served_schema", served="")]
    for name in tables:
        statements += [_table(name, "", "", tables), _view(name, "", tables)]
    return hash_values(statements, tables)[:8]


def _add_release(
    server: _Server,
    connection: duckdb.DuckDBPyConnection,
    release: Release,
    served: str,
    tables: _Tables,
) -> tuple[int, str]:
    """Note a publication, not shown yet, and copy its release unless it is there; its schema."""
    schema = PREFIX + release.release_id.lower().replace("-", "_")
    other = f"{schema}_{served.removeprefix(SERVED)}"  # where a copy of another shape has the name
    known = server.fetch(_sql("served_copy", served=served, schema=schema, other=other))
    number = known[0][0] if known else None
    if known:
        schema = known[0][1]
    elif server.has_schema(schema):
        schema = other
    ((publication,),) = server.fetch(
        f"insert into {served}._shown (schema_name, release) values ('{schema}',"
        f" {number or 'null'}) returning publication"
    )
    if not known:
        server.execute(
            f"update {served}._shown set release = {publication} where publication = {publication}"
        )
        _copy_tables(server, connection, schema, tables, publication)
        for name in tables:
            if not server.fetch(f"select 1 where to_regclass('{served}.{name}') is not null"):
                server.run(_table(name, served, schema, tables))
            server.execute(
                f'alter table {served}."{name}" attach partition {schema}."{name}"'
                f" for values in ({publication})"
            )
    return publication, schema


def _copy_tables(
    server: _Server,
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    tables: _Tables,
    number: int,
) -> None:
    """Copy all tables of the release, with comments and the indexes that readers need."""
    server.execute(f"create schema {schema}")
    connection.execute("set TimeZone = 'UTC'")
    for table, columns in tables.items():
        rows = connection.sql(f'select {number}::integer as _release, * from marts."{table}"')
        server.ingest(schema, table, rows.to_arrow_reader(100_000))
        for keys in (("rep_id",), SORT_COLUMNS[:2], ("lead_id",), ("date_day",)):
            if all(key in columns for key in keys):
                server.execute(f'create index on {schema}."{table}" ({", ".join(keys)})')
        if RULES_OF_MARTS[table].rows == "team":
            server.execute(f'create index on {schema}."{table}" (team)')
        server.execute(f'analyze {schema}."{table}"')
    for table, column, comment in connection.execute(
        "select table_name, '', comment from duckdb_tables() where schema_name = 'marts'"
        " union all select table_name, column_name, comment from duckdb_columns()"
        " where schema_name = 'marts'"
    ).fetchall():
        if comment:
            what = (
                f'column {schema}."{table}"."{column}"' if column else f'table {schema}."{table}"'
            )
            server.execute(f"comment on {what} is {quote(comment)}")


def _write_access(
    server: _Server,
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: str,
    publication: int,
) -> None:
    """Write what each login sees: reps, teams and roles, as of the release and today's analysts."""
    company = Company(connection)
    audiences, _ = find_audiences(company, settings.analysts, {})
    rows = []
    for audience in audiences:
        if audience.person is None:
            continue  # by membership of the role
        view = View(company, audience.reps)
        whole_teams: frozenset[str] = frozenset(
            team
            for team in view.teams
            if all(
                rep_id in audience.reps
                for rep_id, person in company.people.items()
                if person.team == team and person.is_active
            )
        )
        seen: dict[str, Iterable[str]] = {
            "rep": audience.reps,
            "team": view.teams,
            "whole_team": whole_teams if len(audience.reps) > 1 else (),
            "role": view.roles,
            "own_role": view.own_roles,
        }
        for kind, values in seen.items():
            rows += [(audience.emails[0], kind, value) for value in sorted(values)]
    for start in range(0, len(rows), 1000):
        values = ", ".join(
            f"({publication}, {', '.join(map(quote, row))})" for row in rows[start : start + 1000]
        )
        server.execute(f"insert into {table} values {values}")
    server.execute(f"analyze {table}")


def _are_views(server: _Server, served: str, tables: _Tables) -> bool:
    """Whether the views that people query are those of this shape."""
    read = server.fetch(
        "select distinct view_name, table_schema from information_schema.view_table_usage"
        f" where view_schema = '{VIEWS}' and starts_with(table_schema, '{VIEWS}_')"
    )
    return {tuple(row) for row in read} == {(name, served) for name in tables}


def _show(server: _Server, served: str, publication: int) -> None:
    """Let transactions that begin from soon on see a publication; wait until they do.

    Whoever begins earlier and looks after the commit must not see it, so the commit must not be
    late: it does not wait for the disk. The server has written it before the wait is over.
    """
    server.execute("set local synchronous_commit = off")
    server.execute(
        f"update {served}._shown set shown_from = clock_timestamp()"
        f" + interval '{LEAD_SECONDS} seconds' where publication = {publication}"
    )
    server.commit()
    server.execute(f"select pg_sleep({LEAD_SECONDS})")


def _replace_views(server: _Server, served: str, publication: int, tables: _Tables) -> None:
    """Replace the views by those of another shape; readers see the old release or the new one.

    Readers hold the views they have read until their transaction ends. Waiting for them must end
    before the server looks for deadlocks and fails a reader: then all is let go and tried again.

    Raises:
        PublishError: long queries left no moment for it.
    """
    import adbc_driver_postgresql.dbapi as adbc

    server.execute(f"create schema if not exists {VIEWS}")
    server.execute(f"grant usage on schema {VIEWS} to {READER}")
    server.commit()
    ends = time.monotonic() + LONGEST_WAIT
    pause = 0.05
    while True:
        statements = [
            *_outdated(server, tables),
            *(_view(name, served, tables) for name in tables),
            f"update {served}._shown set shown_from = '-infinity'"
            f" where publication = {publication};",
        ]
        server.execute(f"set local statement_timeout = {LOCK_MILLISECONDS}")
        try:
            server.run(*statements)
        except adbc.OperationalError as error:
            server.rollback()
            if "statement timeout" not in str(error):
                raise
            if time.monotonic() > ends:
                raise PublishError(
                    f"{server.where}: this release has other columns, and for {LONGEST_WAIT:.0f} s "
                    "there was no moment without a query that runs for long, so the views still "
                    "show the release before. The new one is published as files; refresh again "
                    "when the long queries have ended."
                ) from error
            time.sleep(pause * (1 + random.random()))
            pause = min(2 * pause, 2.0)
        else:
            server.commit()
            return


def _outdated(server: _Server, tables: _Tables) -> list[str]:
    """Statements that drop the views which cannot be replaced in place."""
    views = server.fetch(_sql("served_columns"))
    return [
        f'drop view {VIEWS}."{name}";'
        for name, columns in views
        if list(tables.get(name, ()))[: columns.count(",") + 1] != columns.split(",")
    ]


def _table(name: str, served: str, schema: str, tables: _Tables) -> str:
    """The statements that make a served table and the rows of it that a reader sees."""
    rule = RULES_OF_MARTS[name]
    # only analysts see what may give somebody away
    hidden = (*rule.team_columns, *rule.organisation_columns, *rule.left_empty)
    columns = (
        f'case when false then "{column}" end as "{column}"' if column in hidden else f'"{column}"'
        for column in tables[name]
    )
    visible = _visible(rule, served)
    return _sql(
        "served_table",
        table=name,
        schema=schema,
        served=served,
        reader_columns=", ".join(columns),
        visible=visible,
    )


def _view(name: str, served: str, tables: _Tables) -> str:
    """The statements that make the view which people query."""
    columns = ", ".join(f'"{column}"' for column in tables[name])
    return _sql("served_view", table=name, served=served, columns=columns)


def _visible(rule: Rule, served: str) -> str:
    """The condition for rows that a person sees."""
    predicates = {
        name: f"{column} = any (array(select value from {served}._access where publication ="
        f" (select publication from {served}._current()) and login = current_user::text"
        f" and kind = '{kind}'))"
        for name, (column, kind) in PREDICATES.items()
    }
    return ROWS[rule.rows].format(**predicates)


def _drop_old(server: _Server, served: str) -> None:
    """Drop releases that no transaction needs; what a reader still holds, next time.

    One lock is waited for at a time, and none held meanwhile, so it cannot end in a deadlock.
    """
    leftovers = server.fetch(
        _sql(
            "served_leftovers",
            served=served,
            prefix=PREFIX,
            kept=str(KEPT),
            seconds=str(KEPT_SECONDS),
        )
    )
    for (schema,) in leftovers:
        # the row stays: who began with this publication must not be shown another
        server.execute(f"update {served}._shown set release = null where schema_name = '{schema}'")
        server.execute(f"alter schema {schema} rename to {GONE}{schema.removeprefix(PREFIX)}")
    kept = f"(select publication from {served}._shown where release is not null)"
    server.execute(
        f"delete from {served}._shown where shown_from is null or publication < all {kept}"
    )
    server.execute(f"delete from {served}._access where publication <> all {kept}")
    server.commit()
    for (schema,) in server.fetch(
        "select nspname from pg_namespace"
        f" where starts_with(nspname, '{SERVED}') and nspname <> '{served}'"
    ):
        server.tries(f"drop schema {schema} cascade")
    for (schema,) in server.fetch(
        f"select nspname from pg_namespace where starts_with(nspname, '{GONE}')"
    ):
        partitions = server.fetch(
            "select cast(inhparent::regclass as text), cast(inhrelid::regclass as text)"
            " from pg_inherits inner join pg_class on pg_class.oid = inhrelid"
            f" where relkind = 'r' and relnamespace = '{schema}'::regnamespace"
        )
        if all(
            server.tries(f"alter table {table} detach partition {partition}")
            for table, partition in partitions
        ):
            server.tries(f"drop schema {schema} cascade")
