"""The DuckDB dialect that Great Expectations needs. Slow to import: import it inside functions.

`duckdb-engine` leaves results in the cursor, where the next statement of the same connection
overwrites them before Great Expectations has read them, and it cannot describe columns.
"""

from __future__ import annotations

from typing import cast

from duckdb_engine import Dialect as DuckDBDialect
from sqlalchemy import Connection, Pool, StaticPool, make_url, text, types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGExecutionContext_psycopg2
from sqlalchemy.engine import URL
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.types import TypeEngine

NAME = "scorecard_duckdb"


class _BufferedContext(PGExecutionContext_psycopg2):
    """Fetches every result at once, before another statement can take the cursor."""

    def post_exec(self) -> None:
        super().post_exec()  # type: ignore[no-untyped-call]
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, initial_buffer=self.cursor.fetchall()
            )


class Dialect(DuckDBDialect):
    """DuckDB with buffered results, described columns and one connection for all."""

    execution_ctx_cls = _BufferedContext
    supports_statement_cache = False

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A pool of one: the measurements are in the temporary tables of that connection."""
        return StaticPool

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **_: object
    ) -> list[ReflectedColumn]:
        """Name and type of each column of a table; else the whole table is read to find out."""
        rows = connection.execute(
            text(
                "select column_name, data_type, is_nullable from duckdb_columns()"
                " where table_name = :table_name and schema_name = :schema_name"
                " order by column_index"
            ),
            {"table_name": table_name, "schema_name": schema or "main"},
        )
        return [
            {
                "name": row["column_name"],
                "type": self._type(row["data_type"]),
                "nullable": row["is_nullable"],
                "default": None,
            }
            for row in rows.mappings()
        ]

    def _type(self, data_type: str) -> TypeEngine[object]:
        found = self.ischema_names.get(data_type.split("(")[0].lower(), types.NullType)
        return cast(TypeEngine[object], found())


def connection_string(path: str) -> str:
    """The address of a DuckDB file in this dialect."""
    registry.register(NAME, __name__, "Dialect")
    return make_url(f"{NAME}://").set(database=path).render_as_string()
