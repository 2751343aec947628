"""The DuckDB dialect that Great Expectations needs. Slow to import: import it inside functions.

`duckdb-engine` leaves results in the cursor, where the next statement of the same connection
overwrites them before Great Expectations has read them.
"""

from __future__ import annotations

from duckdb_engine import Dialect as DuckDBDialect
from sqlalchemy import Pool, StaticPool, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGExecutionContext_psycopg2
from sqlalchemy.engine import URL
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

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
    """DuckDB with buffered results and one connection for all."""

    execution_ctx_cls = _BufferedContext
    supports_statement_cache = False

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A pool of one: the measurements are in the temporary tables of that connection."""
        return StaticPool


def connection_string(path: str) -> str:
    """The address of a DuckDB file in this dialect."""
    registry.register(NAME, __name__, "Dialect")
    return make_url(f"{NAME}://").set(database=path).render_as_string()
