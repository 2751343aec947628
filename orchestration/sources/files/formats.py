"""Opening a file: a query per form that yields every column as text."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.text import shortened
from orchestration.sources.canonical import Table
from orchestration.sources.files.find import is_of_database
from orchestration.warehouse.connection import quote

DELIMITERS = ",;\t|"
MOST_COLUMNS = 1_000
LONGEST_NAME = 255  # characters of a column's name
LONGEST_LINE = {".csv": 2_000_000, ".jsonl": 16_777_216}  # bytes; DuckDB's own limits
csv.field_size_limit(2**31 - 1)  # ours are checked where line and column are known


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
        _refuse_nested(con, table, path, query, {row[0]: row[1] for row in described})
    except duckdb.Error as error:
        raise unreadable(path, error) from error
    expressions = _expressions(path, [row[0] for row in described])
    moments = {column.name for column in table.columns if column.type == "timestamp"}
    for name, type_, *_ in described:
        canonical = name.strip().lower()
        if canonical in moments and type_.startswith("TIMESTAMP"):
            # in the format of raw tables: parsing each text again would take longer than all else
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


def _refuse_nested(
    con: duckdb.DuckDBPyConnection, table: Table, path: Path, query: str, types: dict[str, str]
) -> None:
    """Refuse a list or an object where a plain value belongs, with the first line that has one."""
    known = {column.name for column in table.columns}
    names = [name for name in types if name.strip().lower() in known]
    is_nested = "{0} is not null"
    if path.suffix == ".jsonl":
        columns = ", ".join(f"{quote(name)}: 'json'" for name in names)
        query = f"read_json({quote(path)}, format = 'newline_delimited', columns = {{{columns}}})"
        is_nested = "json_type({0}) in ('ARRAY', 'OBJECT')"
    else:
        names = [name for name in names if types[name].endswith("]") or "(" in types[name]]
        names = [name for name in names if not types[name].startswith(("DECIMAL", "ENUM"))]
    conditions = {name: is_nested.format(_identifier(name)) for name in names}
    found = [f"coalesce(bool_or({condition}), false)" for condition in conditions.values()]
    if not found:
        return
    has = con.execute(f"select {', '.join(found)} from {query}").fetchall()[0]
    for name, is_there in zip(names, has, strict=True):
        if not is_there:
            continue
        [(row, value)] = con.execute(
            f"select row, cast({_identifier(name)} as varchar)"
            f" from (select *, row_number() over () as row from {query})"
            f" where {conditions[name]} order by row limit 1"
        ).fetchall()
        raise InputError(
            f"{path} {'line' if path.suffix == '.jsonl' else 'row'} {row}: {name} is a list or an "
            f"object: {shortened(value, 60)} Write one plain value per cell, or take it out of "
            f"there with {table.name}.sql; see docs/files-connector.md."
        )


def _expressions(path: Path, names: Sequence[str]) -> dict[str, str]:
    if len(names) > MOST_COLUMNS:
        raise InputError(
            f"{path} line 1: has {len(names):,} columns; at most {MOST_COLUMNS:,} can be read. "
            f"Remove all after column {MOST_COLUMNS:,}, "
            f"{shortened(names[MOST_COLUMNS - 1], 60)!r}."
        )
    found: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"{path} line 1, column {number}: its name, {shortened(name, 60)!r}, has "
                f"{len(name):,} characters; at most {LONGEST_NAME} can be read. The first line "
                "must name the columns."
            )
        canonical = name.strip().lower()
        if canonical in found:
            raise InputError(
                f"{path}: the column '{shortened(canonical)}' is there twice. Keep one of them."
            )
        found[canonical] = f"cast({_identifier(name)} as varchar)"
    return found


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unreadable(path: Path, error: duckdb.Error) -> InputError:
    """What DuckDB could not read, said for the person who made the file."""
    if path.suffix in {".csv", ".jsonl"} and (wrong := line_not_utf8(path)):
        return not_utf8(path, wrong)
    if path.suffix in LONGEST_LINE and (long := _too_long(path)):
        return long
    message = str(error).strip().splitlines()
    text = " ".join(line.strip() for line in message[:3])
    if path.suffix == ".sql":
        return InputError(
            f"{path}: the query fails: {text} Paths in it are relative to {path.parent}; "
            "see docs/files-connector.md."
        )
    return InputError(f"{path}: cannot be read: {text} Export it again or correct that line.")


def _too_long(path: Path) -> InputError | None:
    """The error for the first record that is too long to be read, with its longest cell."""
    longest = LONGEST_LINE[path.suffix]
    for line, cells in _records(path):
        if sum(map(len, cells.values())) * 4 < longest:
            continue
        sizes = {name: len(cell.encode()) for name, cell in cells.items()}
        name = max(sizes, key=lambda name: sizes[name])
        if sum(sizes.values()) + len(sizes) > longest:
            return InputError(
                f"{path} line {line}: {shortened(name, 60)} has {sizes[name]:,} bytes, beginning "
                f"{shortened(cells[name], 60)!r}; all cells of a line together can have at most "
                f"{longest:,}. Shorten that one, or close the quote that it lacks."
            )
    return None


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The line of each record, and its cells by column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix == ".jsonl":
            for number, line in enumerate(file, start=1):
                with suppress(ValueError, AttributeError):  # that is said elsewhere
                    yield number, {name: str(cell) for name, cell in json.loads(line).items()}
            return
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=max(DELIMITERS, key=first.count))
        names = next(reader, [])
        start = reader.line_num + 1
        for cells in reader:
            yield start, dict(zip(names, cells, strict=False))
            start = reader.line_num + 1


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
