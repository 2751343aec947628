"""The served warehouse: the current release as a schema of PostgreSQL, behind views per reader.

A release is copied into a schema of its own; then the views in `scorecard`, which are all that
readers may query, are pointed to it, all in one transaction. A view shows a person the rows that

`orchestration.releases.audiences` gives them: their own, and those of everybody below them.
Analysts, who are members of `scorecard_analyst`, see everything. Nobody but the publisher can reach
the tables.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import duckdb

from orchestration.core.errors import ConfigError, PublishError
from orchestration.core.settings import Settings
from orchestration.releases.audiences import (
    HOW_TO_LET_IN,
    RULES,
    Company,
    Rule,
    View,
    find_audiences,
)
from orchestration.releases.publish import Release, current_release
from orchestration.releases.tables import SORT_COLUMNS
from orchestration.transform.engines.postgres import Session, first_line
from orchestration.warehouse.connection import quote

VIEWS = "scorecard"
PREFIX = "scorecard_release_"
READER = "scorecard_reader"
ANALYST = "scorecard_analyst"
ACCESS = "_access"
KEPT = 3
LONGEST_NAME = 63  # of a role, in bytes
OURS = "Made by scorecard roles"
# a swap gives up waiting for readers before the server looks for deadlocks, so none of them fails
LOCK_MILLISECONDS = 700
LONGEST_WAIT = 600.0
IS_ANALYST = f"(select pg_has_role(current_user, '{ANALYST}', 'member'))"

# the site has no such tables
RULES_OF_MARTS = {
    **RULES,
    "dim_dates": Rule("all"),
    "fct_lagging_metrics_daily": Rule("own"),
    "fct_leading_metrics_daily": Rule("own"),
}
# which rows a person sees who is no analyst, by the rule of the table; aggregates of a team are
# shown to whoever manages everybody in it, for SQL could tell the others apart by subtracting
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


def serve_release(settings: Settings) -> str:
    """Make PostgreSQL show the current release; the name of its schema.

    A release that is there already, as after a rollback, is only pointed to.

    Raises:
        ConfigError: the packages are missing, or the server lacks the roles.
        PublishError: the server cannot be reached, or readers held the views for too long; what
            it showed before it still shows.
    """
    release = _current(settings)
    schema = PREFIX + release.release_id.lower().replace("-", "_")
    with _connect(settings) as server:
        server.require_roles()
        # one publisher at a time; two companies need two databases
        server.execute(f"select pg_advisory_lock(hashtext('{VIEWS}'))")
        is_there = server.fetch(f"select to_regnamespace('{schema}') is not null")[0][0]
        with duckdb.connect(str(release.database), read_only=True) as connection:
            tables = _tables(connection)
            if unknown := sorted(tables.keys() - RULES_OF_MARTS.keys()):
                raise PublishError(
                    f"orchestration/releases/postgres.py has no rule for {', '.join(unknown)}, so "
                    "nobody knows who may see it. PostgreSQL still shows what it showed before."
                )
            if not is_there:
                _copy_tables(server, connection, schema, tables)
            _write_access(server, connection, settings, schema)
        server.commit()  # a copy is there whole or not at all
        _point_views(server, schema, tables)
        _drop_old(server, schema)
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
    with duckdb.connect(str(_current(settings).database), read_only=True) as connection:
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
            for name, can_login, groups in server.fetch(
                "select role.rolname, role.rolcanlogin,"
                " coalesce(string_agg(parent.rolname, ','), '')"
                " from pg_roles as role"
                " left join pg_auth_members on pg_auth_members.member = role.oid"
                " left join pg_roles as parent on parent.oid = pg_auth_members.roleid"
                f" and parent.rolname in ('{READER}', '{ANALYST}')"
                f" where shobj_description(role.oid, 'pg_authid') = '{OURS}' group by 1, 2"
            )
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


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The tables of a release with their columns."""
    return dict(
        connection.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns()"
            " where schema_name = 'marts' group by 1 order by 1"
        ).fetchall()
    )


def _copy_tables(
    server: _Server,
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    tables: dict[str, list[str]],
) -> None:
    """Copy all tables of the release, with comments and the indexes that readers need."""
    server.execute(f"create schema {schema}")
    connection.execute("set TimeZone = 'UTC'")
    for table, columns in tables.items():
        rows = connection.sql(f'from marts."{table}"').to_arrow_reader(100_000)
        server.ingest(schema, table, rows)
        for keys in (("rep_id",), SORT_COLUMNS[:2], ("lead_id",), ("date_day",)):
            if all(key in columns for key in keys):
                server.execute(f'create index on {schema}."{table}" ({", ".join(keys)})')
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
    server: _Server, connection: duckdb.DuckDBPyConnection, settings: Settings, schema: str
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
    server.execute(
        f"create table if not exists {schema}.{ACCESS}"
        " (login text, kind text, value text, primary key (login, kind, value))"
    )
    server.execute(f"delete from {schema}.{ACCESS}")
    for start in range(0, len(rows), 1000):
        values = ", ".join(f"({', '.join(map(quote, row))})" for row in rows[start : start + 1000])
        server.execute(f"insert into {schema}.{ACCESS} values {values}")
    server.execute(f"analyze {schema}.{ACCESS}")


def _point_views(server: _Server, schema: str, tables: dict[str, list[str]]) -> None:
    """Point all views to a release at once; readers see the old release or the new one.

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
        statements = _statements(server, schema, tables)
        server.execute(f"set local statement_timeout = {LOCK_MILLISECONDS}")
        try:
            server.execute(f"do $scorecard$ begin {' '.join(statements)} end $scorecard$")
        except adbc.OperationalError as error:
            server.rollback()
            if "statement timeout" not in str(error):
                raise
            if time.monotonic() > ends:
                raise PublishError(
                    f"{server.where}: for {LONGEST_WAIT:.0f} s there was no moment without a query "
                    "that runs for long, so the views still show the release before. The new one "
                    "is published as files; refresh again when the long queries have ended."
                ) from error
            time.sleep(pause * (1 + random.random()))
            pause = min(2 * pause, 2.0)
        else:
            server.commit()
            return


def _statements(server: _Server, schema: str, tables: dict[str, list[str]]) -> list[str]:
    """What points the views to a release: replaced in place where that is possible."""
    before = server.fetch(
        "select table_name, string_agg(column_name, ',' order by ordinal_position)"
        f" from information_schema.columns where table_schema = '{VIEWS}'"
        # the engine has a table there, if it computes in the same database
        " and table_name in (select table_name from information_schema.views"
        f" where table_schema = '{VIEWS}') group by 1 order by 1"
    )
    statements = [
        f'drop view {VIEWS}."{name}";'
        for name, columns in before
        if tables.get(name, [])[: columns.count(",") + 1] != columns.split(",")
    ]
    for name, columns in tables.items():
        shown = ", ".join(_column(RULES_OF_MARTS[name], column) for column in columns)
        statements += [
            f'create or replace view {VIEWS}."{name}" with (security_barrier) as'
            f' select {shown} from {schema}."{name}"'
            f" where {IS_ANALYST} or ({_visible(RULES_OF_MARTS[name], schema)});",
            f'grant select on {VIEWS}."{name}" to {READER};',
        ]
    return statements


def _column(rule: Rule, column: str) -> str:
    """A column as readers see it: what may give somebody away only analysts do."""
    if column in (*rule.team_columns, *rule.organisation_columns, *rule.left_empty):
        return f'case when {IS_ANALYST} then "{column}" end as "{column}"'
    return f'"{column}"'


def _visible(rule: Rule, schema: str) -> str:
    """The condition for rows that a person sees."""
    predicates = {
        name: f"{column} in (select value from {schema}.{ACCESS}"
        f" where login = current_user and kind = '{kind}')"
        for name, (column, kind) in PREDICATES.items()
    }
    return ROWS[rule.rows].format(**predicates)


def _drop_old(server: _Server, current: str) -> None:
    """Drop releases that nobody reads any more, but the last ones; what is in use, next time."""
    import adbc_driver_postgresql.dbapi as adbc

    schemas = server.fetch(
        f"select nspname from pg_namespace where starts_with(nspname, '{PREFIX}') order by 1 desc"
    )
    for (schema,) in schemas[KEPT:]:
        if schema == current:
            continue
        try:
            server.execute(f"set local statement_timeout = {LOCK_MILLISECONDS}")
            server.execute(f"drop schema {schema} cascade")
            server.commit()
        except adbc.Error:
            server.rollback()
