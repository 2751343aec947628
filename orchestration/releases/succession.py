"""What a new release carries on from those before it: their history, their checks, their names.

It carries on from the newest. Of releases on disk that the newest does not know (two machines
published at the same time, a release came back from a backup) it takes in what they said.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.core.errors import DamagedFile, PublishError
from orchestration.core.fingerprint import rows_hash
from orchestration.core.results import CheckResult
from orchestration.releases.release import Release, first_line, kept_releases
from orchestration.releases.tables import identifier
from orchestration.warehouse.connection import quote

logger = logging.getLogger(__name__)

RELEASE_COLUMNS = """
    release_id varchar, published_at timestamp, as_of_date date, code_version varchar,
    high_water_marks varchar
"""
CHECK_SCHEMA = pa.schema(
    [
        ("release_id", pa.string()),
        ("check_name", pa.string()),
        ("layer", pa.string()),
        ("table_name", pa.string()),
        ("column_name", pa.string()),
        ("passed", pa.bool_()),
        ("severity", pa.string()),
        ("observed_value", pa.string()),
        ("expected", pa.string()),
        ("failed_rows", pa.int64()),
        ("description", pa.string()),
        ("checked_at", pa.timestamp("us")),
    ]
)


def carry_on(
    connection: duckdb.DuckDBPyConnection,
    release: Release,
    table: str,
    use: Callable[[str], object],
) -> None:
    """Use a table of the newest release that has it; see `use_table`.

    Raises:
        PublishError: it cannot be read; going on would lose what was said on earlier days.
    """
    try:
        use_table(connection, release, table, use)
    except DamagedFile as error:
        raise lost_history(error, release.path) from error


def lost_history(error: DamagedFile, folder: Path) -> PublishError:
    """Somebody has to decide: what earlier days published is carried on from the newest release."""
    return PublishError(
        f"{error} What earlier days published is carried on from it, so nothing was published. "
        f"Restore {folder} from a backup, or delete it: then what this release alone said is lost."
    )


def use_table(
    connection: duckdb.DuckDBPyConnection,
    release: Release,
    table: str,
    use: Callable[[str], object],
) -> None:
    """Use a table of a release: from its DuckDB file, or from its Parquet file if that is damaged.

    Args:
        connection: Where `use` works.
        release: The release.
        table: One of its tables.
        use: Gets SQL for the table; called again for the other file if the first cannot be read.

    Raises:
        DamagedFile: Neither file can be read.
    """
    parquet = release.path / "parquet" / f"{table}.parquet"
    reasons = []
    for file, relation in (
        (release.database, f"earlier.marts.{identifier(table)}"),
        (parquet, f"read_parquet({quote(parquet)})"),
    ):
        is_attached = False
        try:
            if file != parquet:
                connection.execute(f"attach {quote(file)} as earlier (read_only)")
                is_attached = True
            use(relation)
        except duckdb.Error as error:
            if _can_be_read(connection, relation):
                raise  # the fault lies elsewhere, as in a full disk
            reasons.append(first_line(error))
            logger.warning("%s is damaged (%s).", file, reasons[-1])
        else:
            return
        finally:
            if is_attached:
                connection.execute("detach earlier")
    raise DamagedFile(release.path, "; ".join(reasons), f"Neither of its files has {table}.")


def _can_be_read(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    try:
        connection.execute(f"select {rows_hash('held')} from {relation} as held").fetchall()
    except duckdb.Error:
        return False
    return True


def write_own_tables(
    connection: duckdb.DuckDBPyConnection,
    release: Release,
    checks: Sequence[CheckResult],
    earlier: Sequence[Release],
) -> list[Release]:
    """Write `releases` and `data_checks`: those of the releases that are kept, and this one.

    Args:
        connection: Has the new file attached as `release`.
        release: The release that is being written.
        checks: What its checks found.
        earlier: The releases on disk, newest first.

    Returns:
        The releases that the newest one does not know, oldest first.
    """
    kept = kept_releases(earlier)
    names = ", ".join(quote(one.release_id) for one in kept) or "''"
    _register_checks(connection, release, checks)
    connection.execute(f"create table release.marts.releases ({RELEASE_COLUMNS})")
    connection.execute("create table release.marts.data_checks as select * from check_rows limit 0")
    for table in ("releases", "data_checks"):
        if earlier:
            carry_on(
                connection,
                earlier[0],
                table,
                lambda relation, table=table: _replace_rows(  # type: ignore[misc]
                    connection, table, relation, f"release_id in ({names})"
                ),
            )
    known = {
        row[0]
        for row in connection.execute("select release_id from release.marts.releases").fetchall()
    }
    unknown = [one for one in reversed(earlier[1:]) if one.release_id not in known]
    for one in unknown:
        if one in kept:
            _take_in(connection, one)
    connection.execute(
        "insert into release.marts.releases values (?, ?, ?, ?, ?)",
        [
            release.release_id,
            release.published_at.replace(tzinfo=None),
            release.as_of_date,
            release.code_version,
            json.dumps(release.high_water_marks, sort_keys=True),
        ],
    )
    connection.execute("insert into release.marts.data_checks by name select * from check_rows")
    return unknown


def _register_checks(
    connection: duckdb.DuckDBPyConnection, release: Release, checks: Sequence[CheckResult]
) -> None:
    """Make what the checks found a relation `check_rows`."""
    check_rows = pa.Table.from_pylist(
        [
            {
                **{column: asdict(check).get(column) for column in CHECK_SCHEMA.names},
                "release_id": release.release_id,
                "checked_at": release.published_at.replace(tzinfo=None),
            }
            for check in checks
        ],
        schema=CHECK_SCHEMA,
    )
    connection.register("check_rows", check_rows)


def _replace_rows(
    connection: duckdb.DuckDBPyConnection, table: str, relation: str, condition: str
) -> None:
    """Put rows of an earlier release into a table of the new one; it may be tried again."""
    target = f"release.marts.{table}"
    connection.execute(f"delete from {target} where {condition}")
    connection.execute(f"insert into {target} by name from {relation} where {condition}")


def _take_in(connection: duckdb.DuckDBPyConnection, release: Release) -> None:
    """Name a release that the newest one does not know, with its checks if they can be read."""
    for table in ("releases", "data_checks"):
        try:
            use_table(
                connection,
                release,
                table,
                lambda relation, table=table: _replace_rows(  # type: ignore[misc]
                    connection, table, relation, f"release_id = {quote(release.release_id)}"
                ),
            )
        except DamagedFile as error:
            logger.warning("%s It is left out.", error)
