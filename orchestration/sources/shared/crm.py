"""What the connectors of CRMs share: settings by object, and what is kept beside raw tables.

Each raw schema of a CRM has `_loads` (what each load did), `_fields` and `_field_changes` (which
fields the CRM has, and what became of them) and `_cursors` (how far each object is).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Protocol, TypeVar

import duckdb

from orchestration.core.errors import ConfigError, InputError, ScorecardError
from orchestration.sources.canonical import META_COLUMNS
from orchestration.sources.shared.load import TableLoad

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    CursorType = TypeVar("CursorType", bound=DataclassInstance)


class ObjectFailed(ScorecardError):
    """One object cannot be read; the others can."""


class CrmObject(Protocol):
    """What the settings need to know of an object."""

    @property
    def name(self) -> str:
        """As the CRM calls it."""

    @property
    def custom(self) -> tuple[str, ...]:
        """What of it may be a custom field."""


@dataclass(frozen=True)
class Selected:
    """The fields to ask for, by column of the raw table."""

    by_column: Mapping[str, str]
    warnings: tuple[str, ...]

    @property
    def text(self) -> str:
        """The fields as cursors keep them."""
        return json.dumps(self.by_column, sort_keys=True)

    def gains(self, before: str) -> bool:
        """Whether old records lack fields that are asked for now; `before` is a cursor's text."""
        return bool(set(self.by_column.items()) - set(json.loads(before or "{}").items()))


def split_list(text: str) -> list[str]:
    """The parts of a list that is separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def named_objects(
    text: str, variable: str, known: Sequence[str], required: Sequence[str]
) -> tuple[str, ...]:
    """The objects that a setting names, in their own order; none when it is empty.

    Raises:
        ConfigError: an object is unknown, or one is left out that nothing works without.
    """
    names = split_list(text)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(
            f"{variable}: '{unknown[0]}' is not an object that is read. "
            f"Use some of: {', '.join(known)}."
        )
    missing = [name for name in required if names and name not in names]
    if missing:
        raise ConfigError(f"{variable}: {' and '.join(missing)} cannot be left out.")
    return tuple(name for name in known if name in names)


def custom_fields(
    text: str, variable: str, objects: Sequence[CrmObject], example: str
) -> dict[tuple[str, str], str]:
    """`Event.outcome=Outcome__c` as {("Event", "outcome"): "Outcome__c"}.

    Raises:
        ConfigError: a part is no such assignment.
    """
    allowed = [f"{one.name}.{name}" for one in objects for name in one.custom]
    found: dict[tuple[str, str], str] = {}
    for part in split_list(text):
        matched = re.fullmatch(r"(\w+)\.(\w+)\s*=\s*(\w+)", part)
        if not matched or f"{matched[1]}.{matched[2]}" not in allowed:
            raise ConfigError(
                f"{variable}: '{part}' is not understood. Write for example {example}; on the left "
                f"may stand: {', '.join(allowed)}."
            )
        found[matched[1], matched[2]] = matched[3]
    return found


def custom_columns(fields: Mapping[tuple[str, str], str], object_name: str) -> dict[str, str]:
    """The custom fields of an object, by column of its raw table."""
    return {f"custom_{column}": field for (name, column), field in fields.items()
            if name == object_name}  # fmt: skip


def create_crm_tables(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    tables: Mapping[str, Sequence[str]],
    cursor: type[DataclassInstance],
) -> None:
    """Create what is missing of a raw schema, so that every table can always be read."""
    con.execute(f"create schema if not exists {schema}")
    for table, names in tables.items():
        columns = ", ".join(f"{name} varchar" for name in (*names, *META_COLUMNS))
        con.execute(f"create table if not exists {schema}.{table} ({columns})")
    places = ", ".join(
        f"{one.name} {'bigint' if one.type == 'int' else 'varchar'}" for one in fields(cursor)
    )
    for table, columns in {
        "_cursors": f"object_name varchar, {places}",
        "_loads": "object_name varchar, loaded_at timestamp, rows_read bigint,"
        " rows_changed bigint, live_rows bigint",
        "_fields": "object_name varchar, field varchar, type varchar",
        "_field_changes": "object_name varchar, field varchar, what varchar, noticed_at timestamp",
    }.items():
        con.execute(f"create table if not exists {schema}.{table} ({columns})")


def note_fields(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    object_name: str,
    types: Mapping[str, str],
    now: dt.datetime,
) -> None:
    """Remember which fields there are; what appeared, vanished or changed its type since."""
    before = dict(
        con.execute(
            f"select field, type from {schema}._fields where object_name = ?", [object_name]
        ).fetchall()
    )
    if before == dict(types):
        return
    changes = []
    if before:
        changes += [(name, "appeared") for name in types if name not in before]
        changes += [(name, "vanished") for name in before if name not in types]
        changes += [
            (name, f"changed from {before[name]} to {type_}")
            for name, type_ in types.items()
            if name in before and before[name] != type_
        ]
    con.execute("begin transaction")
    con.execute(f"delete from {schema}._fields where object_name = ?", [object_name])
    con.execute(
        f"insert into {schema}._fields select ?, unnest(?::varchar[]), unnest(?::varchar[])",
        [object_name, list(types), list(types.values())],
    )
    for name, what in changes:
        con.execute(
            f"insert into {schema}._field_changes values (?, ?, ?, ?)",
            [object_name, name, what, _naive(now)],
        )
    con.execute("commit")


def record_load(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    object_name: str,
    table: str,
    *,
    rows: int,
    changed: int,
    deleted: int,
    warnings: Sequence[str] = (),
    now: dt.datetime,
) -> TableLoad:
    """Note a load, and say what it did."""
    live, mark = con.execute(
        f"select count(*) filter (_is_deleted = 'false'), max(_modified_at) from {schema}.{table}"
    ).fetchall()[0]
    con.execute(
        f"insert into {schema}._loads values (?, ?, ?, ?, ?)",
        [object_name, _naive(now), rows, changed + deleted, live],
    )
    return TableLoad(
        table, live, rows, changed, deleted, 0, mark, changed + deleted == 0, tuple(warnings)
    )


def read_cursor(
    con: duckdb.DuckDBPyConnection, schema: str, object_name: str, kind: type[CursorType]
) -> CursorType:
    """How far an object is; at the beginning when nothing is known."""
    names = ", ".join(one.name for one in fields(kind))
    rows = con.execute(
        f"select {names} from {schema}._cursors where object_name = ?", [object_name]
    ).fetchall()
    return kind(*rows[0]) if rows else kind()


def write_cursor(
    con: duckdb.DuckDBPyConnection, schema: str, object_name: str, cursor: DataclassInstance
) -> None:
    """Remember how far an object is."""
    values = [object_name, *astuple(cursor)]
    con.execute("begin transaction")
    con.execute(f"delete from {schema}._cursors where object_name = ?", [object_name])
    con.execute(f"insert into {schema}._cursors values ({', '.join('?' for _ in values)})", values)
    con.execute("commit")


def require_all_read(crm: str, failures: Sequence[str], asked: int) -> None:
    """Stop when an object failed: a scorecard without its calls would be wrong.

    Raises:
        InputError: names every object that failed.
    """
    if failures:
        raise InputError(
            "\n".join(
                [f"{crm}: {len(failures)} of {asked} objects could not be read."]
                + [f"- {failure}" for failure in failures]
                + ["What was read is kept; nothing was published."]
            )
        )


def require_all_found(crm: str, failures: Sequence[str]) -> None:
    """Stop a check that found something missing.

    Raises:
        ConfigError: names everything that is missing.
    """
    if failures:
        lines = [f"{crm}: something is missing.", *(f"- {failure}" for failure in failures)]
        raise ConfigError("\n".join(lines))


def unread(table: str) -> TableLoad:
    """What a load did to a table whose object is not read."""
    return TableLoad(table, 0, 0, 0, 0, 0, None, True)


def parse_moment(text: str) -> dt.datetime:
    """A moment as CRMs write it."""
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _naive(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
