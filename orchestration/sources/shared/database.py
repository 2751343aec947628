"""Any database that SQLAlchemy reaches: what its tables are, and rows of a query as text.

The address is a secret: it comes from the environment alone, and no message shows it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from orchestration.core.environment import Environment
from orchestration.core.errors import ConfigError, InputError
from orchestration.warehouse.connection import WITHOUT_EXTENSIONS

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine, Executable

VARIABLE = "SCORECARD_DATABASE_URL"
ROWS_AT_ONCE = 20_000
# a query of a DuckDB file reads that file and nothing else
ENCLOSED = {
    "read_only": True,
    "config": {**WITHOUT_EXTENSIONS, "enable_external_access": False, "lock_configuration": True},
}


def address(environ: Mapping[str, str] | None = None) -> str:
    """The address of the database.

    Raises:
        ConfigError: there is none.
    """
    text = Environment.read(environ).database_url.get_secret_value()
    if not text:
        raise ConfigError(
            f"{VARIABLE} is missing: the database to read from, for example "
            "postgresql+psycopg2://user:password@host/name or duckdb:////data/landed.duckdb "
            "(docs/landed.md)."
        )
    return text


@dataclass(frozen=True)
class Database:
    """An open database. The text form of neither part shows a password."""

    engine: Engine
    url: URL

    def tables(self, schema: str | None) -> list[str]:
        """Tables and views of a schema, materialized ones too."""
        from sqlalchemy import inspect

        with self.explained("its tables cannot be listed"):
            inspector = inspect(self.engine)
            names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
            with suppress(NotImplementedError):  # by databases that have none
                names += inspector.get_materialized_view_names(schema)
            return names

    def columns(self, schema: str | None, table: str) -> dict[str, Any]:
        """Type of each column."""
        from sqlalchemy import inspect

        with self.explained(f"the columns of {table} cannot be listed"):
            found = inspect(self.engine).get_columns(table, schema)
        return {str(column["name"]): column["type"] for column in found}

    def row(self, query: Executable) -> Sequence[Any]:
        """The one row of a query."""
        with self.explained("a query fails"), self.engine.connect() as connection:
            return tuple(connection.execute(query).one())

    def write(self, query: Executable, path: Path, what: str) -> list[str]:
        """Write the rows of a query into a Parquet file, each cell as text; the columns' names.

        Raises:
            InputError: the database refuses the query, or breaks off.
        """
        from pyarrow import parquet

        with self.explained(f"{what} cannot be read"), self.engine.connect() as connection:
            # read-only, where the database can enforce it
            options = {"stream_results": True, "postgresql_readonly": True}
            result = connection.execution_options(**options).execute(query)
            names = list(result.keys())
            if len(set(names)) < len(names):
                raise InputError(f"{what}: two columns have one name ({', '.join(names)}).")
            schema = pa.schema([(name, pa.string()) for name in names])
            with parquet.ParquetWriter(path, schema) as writer:
                while rows := result.fetchmany(ROWS_AT_ONCE):
                    cells = [
                        pa.array(map(as_text, some), pa.string())
                        for some in zip(*rows, strict=True)
                    ]
                    writer.write_table(pa.Table.from_arrays(cells, schema=schema))
        return names

    @contextmanager
    def explained(self, what: str) -> Iterator[None]:
        """Turn an error of the database into words that hold no secret."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        # drivers refuse times that Python cannot represent, such as the year 10000
        except (SQLAlchemyError, ValueError, OverflowError) as error:
            said = str(getattr(error, "orig", None) or error).strip().splitlines()
            reason = self._without_secrets(said[0] if said else "no reason given").rstrip(".")
            raise InputError(
                f"Database {self.name}: {what}: {reason}. Nothing was changed; correct "
                f"that or {VARIABLE}, and refresh again."
            ) from None

    @property
    def name(self) -> str:
        """The database, as messages may name it."""
        return f"{self.url.get_backend_name()} '{self.url.database or ''}'"

    def _without_secrets(self, text: str) -> str:
        values = [
            part for v in self.url.query.values() for part in ((v,) if isinstance(v, str) else v)
        ]
        for secret in filter(None, (self.url.password, *values)):
            text = text.replace(str(secret), "***")
        return text


@contextmanager
def open_database(text: str) -> Iterator[Database]:
    """Open the database of that address; closed at the end of the block.

    Raises:
        ConfigError: the address cannot be understood, or its driver is not installed.
    """
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        url = make_url(text)
        is_file = url.get_backend_name() == "duckdb" and Path(url.database or "").is_file()
        engine = create_engine(url, connect_args=ENCLOSED if is_file else {})
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        kind = text.split(":", 1)[0] if "://" in text else ""
        if isinstance(error, ModuleNotFoundError | NoSuchModuleError) and kind:
            raise ConfigError(
                f"{VARIABLE}: the Python driver of '{kind}' is not installed. Install it into "
                ".venv, for example psycopg2-binary for postgresql+psycopg2 (docs/landed.md)."
            ) from None
        raise ConfigError(
            f"{VARIABLE} is not an address that SQLAlchemy understands. Write for example "
            "postgresql+psycopg2://user:password@host/name; a password's @, / and : are written "
            "%40, %2F and %3A."
        ) from None
    try:
        yield Database(engine, url)
    finally:
        engine.dispose()


def as_text(value: Any) -> str | None:
    """A cell as raw tables write it; a time without an offset is UTC."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        moment = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
        return f"{moment.isoformat(timespec='milliseconds')}Z"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes | memoryview):  # mostly an id
        return bytes(value).hex()
    if isinstance(value, list | dict):
        return json.dumps(value, default=str)
    return str(value)
