"""Opening a file: a query per form that yields every column as text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.errors import InputError
from orchestration.sources.canonical import Table
from orchestration.sources.files.find import is_of_database
from orchestration.warehouse.connection import quote

DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class FileSource:
    """A file of a table, and how DuckDB reads it as text: one expression per column found."""

    path: Path
    query: str
    expressions: dict[str, str]
    delimiter: str = ","


def open_file(con: duckdb.DuckDBPyConnection, table: Table, path: Path, folder: Path) -> FileSource:
    """How DuckDB reads the file, and which columns it has."""
    if path.suffix == ".csv":
        return _open_csv(table, path)
    if is_of_database(path):
        return _open_database(path, folder / f"{table.name}.answer.parquet")
    try:
        if path.suffix == ".jsonl":
            found = con.execute(
                f"select distinct unnest(json_keys(json)) from read_ndjson_objects({quote(path)})"
            ).fetchall()
            names = sorted(name for (name,) in found)
            # without a row there is no key that could be missing
            names = names or [column.name for column in table.columns]
            columns = ", ".join(f"{quote(name)}: 'varchar'" for name in names)
            query = (
                f"read_json({quote(path)}, format = 'newline_delimited', columns = {{{columns}}})"
            )
        elif path.suffix == ".parquet":
            query = f"read_parquet({quote(path)})"
        else:
            query = "mapping"
            con.execute(f"create or replace temp view {query} as\n{_one_select(con, path)}")
        described = con.execute(f"describe select * from {query}").fetchall()
    except duckdb.Error as error:
        raise unreadable(path, error) from error
    expressions = _expressions(path, [row[0] for row in described])
    moments = {column.name for column in table.columns if column.type == "timestamp"}
    for name, type_, *_ in described:
        canonical = name.strip().lower()
        if canonical in moments and type_.startswith("TIMESTAMP"):
            # as raw tables write it, for parsing the text of each again takes longer than all else
            moment = f"cast({_identifier(name)} as timestamp)"
            expressions[canonical] = f"replace(cast({moment} as varchar), ' ', 'T') || 'Z'"
    return FileSource(path, query, expressions)


def _open_database(path: Path, answer: Path) -> FileSource:
    """Ask the database, and keep what it answers in a file.

    Raises:
        InputError: the file has no query, or the database refuses it.
    """
    from sqlalchemy import text

    from orchestration.sources.shared.database import address, open_database

    try:
        query = path.read_text(encoding="utf-8-sig").strip().rstrip(";")
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    if not query:
        raise InputError(
            f"{path}: is empty. Write one `select` in the language of the database that yields the "
            "canonical columns; see docs/files-connector.md."
        )
    with open_database(address()) as database:
        # a colon would be taken for a parameter
        names = database.write(text(query.replace(":", "\\:")), answer, str(path))
    return FileSource(path, f"read_parquet({quote(answer)})", _expressions(path, names))


def _one_select(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    statements = con.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InputError(
            f"{path}: has {len(statements)} statements or something else than a query. Write one "
            "`select` that yields the canonical columns; see docs/files-connector.md."
        )
    return text


def _open_csv(table: Table, path: Path) -> FileSource:
    """Read the header ourselves: which delimiter gives the most known columns is then certain."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    if not first.strip():
        raise InputError(f"{path} line 1: is empty. The first line must name the columns.")
    known = {column.name for column in table.columns}

    def names_by(delimiter: str) -> list[str]:
        return next(csv.reader([first], delimiter=delimiter))

    delimiter = max(
        DELIMITERS, key=lambda d: len(known & {name.strip().lower() for name in names_by(d)})
    )
    names = names_by(delimiter)
    typed = ", ".join(f"'c{number}': 'varchar'" for number in range(len(names)))
    query = (
        f"read_csv({quote(path)}, auto_detect = false, header = true, delim = {quote(delimiter)},"
        f" quote = '\"', escape = '\"', nullstr = '', columns = {{{typed}}})"
    )
    _expressions(path, names)  # refuses a name that is there twice
    expressions = {name.strip().lower(): f"c{number}" for number, name in enumerate(names)}
    return FileSource(path, query, expressions, delimiter)


def _expressions(path: Path, names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        canonical = name.strip().lower()
        if canonical in found:
            raise InputError(f"{path}: the column '{canonical}' is there twice. Keep one of them.")
        found[canonical] = f"cast({_identifier(name)} as varchar)"
    return found


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unreadable(path: Path, error: duckdb.Error) -> InputError:
    """What DuckDB could not read, said for the person who made the file."""
    if path.suffix in {".csv", ".jsonl"} and (wrong := line_not_utf8(path)):
        return not_utf8(path, wrong)
    message = str(error).strip().splitlines()
    text = " ".join(line.strip() for line in message[:3])
    if path.suffix == ".sql":
        return InputError(
            f"{path}: the query fails: {text} Paths in it are relative to {path.parent}; "
            "see docs/files-connector.md."
        )
    return InputError(f"{path}: cannot be read: {text} Export it again or correct that line.")


def line_not_utf8(path: Path) -> int | None:
    """The number of the first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def not_utf8(path: Path, line: int | None = None) -> InputError:
    """The error for a file that is not UTF-8, with the line and the remedy."""
    where = line or line_not_utf8(path) or 1
    return InputError(
        f"{path} line {where}: has bytes that are not UTF-8. Save the file as UTF-8 "
        "(in Excel: 'CSV UTF-8')."
    )


def numbered(path: Path) -> str:
    """A query for a Parquet file with the number of each row."""
    return f"read_parquet({quote(path)}, file_row_number = true)"
