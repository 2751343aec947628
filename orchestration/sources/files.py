"""The files connector: canonical tables from CSV, Parquet, JSON lines or a SQL mapping.

A table is read once into a Parquet file in the shape of its raw table, with dates, timestamps and
booleans normalised; what could not be normalised keeps its text. The checks then run on that file
in SQL, and only where they find something are rows looked up one by one.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.policy.reading import read_policy
from orchestration.sources.canonical import TABLE_BY_NAME, TABLES, Column, Table
from orchestration.sources.shared.load import (
    Problem,
    Staged,
    TableLoad,
    create_raw_tables,
    iso,
    load_staged,
    raw_columns,
    unchanged,
)
from orchestration.warehouse.connection import connect, limits, quote, working_folder

DATABASE_FORM = "database.sql"
FORMS = ("csv", "parquet", "jsonl", "sql", DATABASE_FORM)
DELIMITERS = ",;\t|"
SHOWN_PROBLEMS = 5
# tables whose rep_id must be one of reps; an empty one means unassigned where the column allows it
OF_REPS = (
    "activities",
    "opportunities",
    "opportunity_splits",
    "leads",
    "time_off",
    "interventions",
)
# tables in which one day must not be before another
ORDERED_DAYS = {
    "time_off": ("start_date", "end_date"),
    "interventions": ("agreed_date", "due_date"),
}
SPLIT_TOLERANCE = 1e-6
GENERATED_ID = {"activities": "activity_id"}
RANGES = {
    ("reps", "fte"): ("> 0", "<= 1", "above 0 and at most 1"),
    ("time_off", "fraction"): ("> 0", "<= 1", "above 0 and at most 1"),
    ("accounts", "fiscal_year_end_month"): (">= 1", "<= 12", "a month from 1 to 12"),
}


@dataclass(frozen=True)
class _Source:
    """A file of a table, and how DuckDB reads it as text: one expression per column found."""

    path: Path
    query: str
    expressions: dict[str, str]
    delimiter: str = ","


def load_files(
    settings: Settings,
    *,
    full: bool = False,
    quarantine: bool = False,
    now: dt.datetime,
    tables: Sequence[str] | None = None,
) -> list[TableLoad]:
    """Bring the company's files into `raw_files`: all tables are checked before one is changed.

    Args:
        settings: the company.
        full: replace the raw tables, also where nothing changed.
        quarantine: set bad rows aside in `raw_files._quarantine` instead of failing.
        now: the time of this load.
        tables: the canonical tables to load; all of them if not given.

    Raises:
        InputError: a file cannot be used; nothing was changed.
        ScorecardError: the warehouse cannot be written.
    """
    chosen = [TABLE_BY_NAME[name] for name in tables] if tables is not None else list(TABLES)
    sources = _find(settings)
    fingerprints = _fingerprints(settings, sources)
    stray = _stray_files(settings, sources)
    with connect(settings) as con:
        # else a bulk insert leaves small row groups, which every checkpoint packs again, and a file
        # of twice the size
        con.execute("set preserve_insertion_order = false")
        create_raw_tables(con)
        loads: dict[str, TableLoad] = {}
        for table in chosen:
            # what a database answers is known only after asking it
            ask = full or _is_of_database(sources.get(table.name))
            done = None if ask else unchanged(con, table, fingerprints[table.name], quarantine)
            if done:
                loads[table.name] = done
        rest = [table for table in chosen if table.name not in loads]
        if rest:
            with working_folder(settings) as folder:
                staging = _Staging(settings, sources, fingerprints, Path(folder), quarantine, now)
                for staged in staging.stage(rest):
                    loads[staged.table.name] = load_staged(
                        con, settings, staged, full=full, now=now
                    )
    if stray and "reps" in loads:
        loads["reps"] = replace(loads["reps"], warnings=(*loads["reps"].warnings, *stray))
    return [loads[table.name] for table in chosen]


def look_at_files(settings: Settings, seen: object = None) -> dict[str, str]:
    """The fingerprint of each table's file: it changes when the file does."""
    return _fingerprints(settings, _find(settings))


def load_table(
    settings: Settings,
    table: str,
    *,
    full: bool = False,
    quarantine: bool = False,
    now: dt.datetime,
) -> TableLoad:
    """Bring one canonical table into `raw_files`; see `load_files`.

    Raises:
        InputError: its file, or that of the reps, cannot be used; nothing was changed.
    """
    return load_files(settings, full=full, quarantine=quarantine, now=now, tables=[table])[0]


def check_files(settings: Settings, tables: Sequence[str] | None = None) -> list[str]:
    """Read and check the files (of these tables, or all) without loading them; returns warnings.

    Raises:
        InputError: names file, line, column, value and remedy of the first problems.
    """
    sources = _find(settings)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    # a refresh may begin meanwhile: not a folder that it would remove
    with tempfile.TemporaryDirectory(dir=settings.state_dir, prefix="check-") as folder:
        staging = _Staging(
            settings,
            sources,
            dict.fromkeys(TABLE_BY_NAME, ""),
            Path(folder),
            False,
            dt.datetime.min,
        )
        staged = staging.stage(
            TABLES if tables is None else [TABLE_BY_NAME[name] for name in tables]
        )
    return [
        *_stray_files(settings, sources),
        *(warning for table in staged for warning in table.warnings),
    ]


def _find(settings: Settings) -> dict[str, Path]:
    """The file of each table that has one."""
    folder = settings.files_dir
    found: dict[str, Path] = {}
    for table in TABLES:
        forms = [folder / f"{table.name}.{form}" for form in FORMS]
        existing = [path for path in forms if path.is_file()]
        if len(existing) > 1:
            names = ", ".join(path.name for path in existing)
            raise InputError(
                f"{folder}: {table.name} is there more than once ({names}). Keep one of them."
            )
        if existing:
            found[table.name] = existing[0]
    for table in TABLES:
        if table.required and table.name not in found and not settings.has_crm:
            what = "there is no file of" if found else "the folder has no data: there is not even"
            raise InputError(
                f"{folder}: {what} the table '{table.name}'. Put {table.name}.csv there (or "
                ".parquet, .jsonl, or a .sql mapping); its columns are: "
                f"{', '.join(column.name for column in table.columns)}."
            )
    return found


def _stray_files(settings: Settings, sources: dict[str, Path]) -> list[str]:
    """Data files that nothing reads: mostly a misspelt name. A SQL mapping may read any file."""
    if any(path.suffix == ".sql" for path in sources.values()):
        return []
    if not settings.files_dir.is_dir():
        return []
    return [
        f"{path.name} is not a canonical table and is not read (known: {', '.join(TABLE_BY_NAME)})"
        for path in sorted(settings.files_dir.iterdir())
        if path.suffix in {f".{form}" for form in FORMS} and path not in sources.values()
    ]


def _fingerprints(settings: Settings, sources: dict[str, Path]) -> dict[str, str]:
    """A text per table that changes when anything changes that its rows are made of."""

    def identity(paths: Iterable[Path]) -> list[tuple[str, int, int]]:
        return [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in paths]

    def of(table: Table) -> str:
        path = sources.get(table.name)
        parts: list[object] = [table, RANGES]
        if table.name == "interventions":
            parts.append(_metric_ids(settings))
        if path is not None:
            parts.append(identity([path]))
            if path.suffix == ".sql":
                parts.append(path.read_bytes())
                reach = sorted(p for p in settings.files_dir.rglob("*") if p.is_file())
                parts.append(identity(reach))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    own = {table.name: of(table) for table in TABLES}
    return {
        name: f"{fingerprint}-{own['reps'][:16]}" if name in OF_REPS else fingerprint
        for name, fingerprint in own.items()
    }


def _metric_ids(settings: Settings) -> list[str]:
    """The metrics of the policy: what an intervention may be about."""
    return sorted(read_policy(settings.seeds_dir).values("metrics", "metric_id"))


class _Staging:
    """Reads and checks tables in a DuckDB of its own, apart from the warehouse."""

    def __init__(
        self,
        settings: Settings,
        sources: dict[str, Path],
        fingerprints: dict[str, str],
        folder: Path,
        quarantine: bool,
        now: dt.datetime,
    ) -> None:
        self.settings = settings
        self.sources = sources
        self.fingerprints = fingerprints
        self.folder = folder
        self.quarantine = quarantine
        self.now = now
        self.metric_ids = _metric_ids(settings)

    def stage(self, tables: Iterable[Table]) -> list[Staged]:
        """Stage the tables, the reps first where others refer to them.

        Raises:
            InputError: lists the first problems of all tables.
        """
        wanted = list(tables)
        reps = TABLE_BY_NAME["reps"]
        order = [table for table in wanted if table is not reps]
        if reps in wanted or any(table.name in OF_REPS for table in order):
            order.insert(0, reps)
        staged: list[Staged] = []
        with duckdb.connect(config=limits(self.settings)) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"set file_search_path = {quote(self.settings.files_dir)}")
            for table in order:
                staged.append(self._stage(con, table))
        bad = [problem for one in staged for problem in one.quarantined]
        if bad and not self.quarantine:
            raise InputError(_describe(self.settings.files_dir, bad))
        return [one for one in staged if one.table in wanted]

    def _stage(self, con: duckdb.DuckDBPyConnection, table: Table) -> Staged:
        path = self.folder / f"{table.name}.parquet"
        fingerprint = self.fingerprints[table.name]
        file = self.sources.get(table.name)
        if file is None:
            nothing = ", ".join(f"cast(null as varchar) as {name}" for name in raw_columns(table))
            con.execute(f"copy (select {nothing} limit 0) to {quote(path)} (format parquet)")
            return Staged(table, path, fingerprint, 0)
        source = _open(con, table, file, self.folder)
        warnings = _check_columns(table, source)
        self._write(con, table, source, path)
        rows = _count(con, path)
        _find_problems(
            con,
            table,
            path,
            # a CRM may have the rep; dbt warns where it has not
            reps=None if self.settings.has_crm else self.folder / "reps.parquet",
            metric_ids=self.metric_ids,
            quarantine=self.quarantine,
        )
        bad_rows = _count_distinct_rows(con)
        problems = _fetch_problems(con, source)
        if self.quarantine and bad_rows:
            good = self.folder / f"{table.name}.good.parquet"
            con.execute(
                f"copy (select * exclude (file_row_number) from {_numbered(path)}"
                " where file_row_number not in (select row from problems))"
                f" to {quote(good)} (format parquet)"
            )
            good.replace(path)
        if table.name == "reps":
            warnings += _unknown_managers(con, path)
        return Staged(table, path, fingerprint, rows, problems, bad_rows, tuple(warnings))

    def _write(
        self, con: duckdb.DuckDBPyConnection, table: Table, source: _Source, path: Path
    ) -> None:
        """Write the rows in the shape of the raw table, normalised where that is possible."""
        columns = [
            f"{normalised(column, source.expressions[column.name])} as {column.name}"
            if column.name in source.expressions
            else f"cast(null as varchar) as {column.name}"
            for column in table.columns
        ]
        is_deleted = "'false'"
        if "is_deleted" in source.expressions:
            flag = normalised(table.column("is_deleted"), source.expressions["is_deleted"])
            is_deleted = f"coalesce({flag}, 'false')"
        moment = quote(iso(self.now) if self.now.tzinfo else "")
        columns += [
            f"{moment} as _modified_at",
            f"{is_deleted} as _is_deleted",
            f"{moment} as _extracted_at",
        ]
        try:
            con.execute(
                f"copy (select {', '.join(columns)} from {source.query})"
                f" to {quote(path)} (format parquet)"
            )
        except duckdb.Error as error:
            raise _unreadable(source.path, error) from error
        generated = GENERATED_ID.get(table.name)
        if (
            generated
            and con.execute(
                f"select 1 from {quote(path)} where {generated} is null limit 1"
            ).fetchall()
        ):
            named = self.folder / f"{table.name}.named.parquet"
            made = f"{quote(source.path.name + ':')} || (file_row_number + 1)"
            con.execute(
                f"copy (select * exclude (file_row_number) replace"
                f" (coalesce({generated}, {made}) as {generated}) from {_numbered(path)})"
                f" to {quote(named)} (format parquet)"
            )
            named.replace(path)


def _is_of_database(path: Path | None) -> bool:
    return path is not None and path.name.endswith(f".{DATABASE_FORM}")


def _open(con: duckdb.DuckDBPyConnection, table: Table, path: Path, folder: Path) -> _Source:
    """How DuckDB reads the file, and which columns it has."""
    if path.suffix == ".csv":
        return _open_csv(table, path)
    if _is_of_database(path):
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
        raise _unreadable(path, error) from error
    expressions = _expressions(path, [row[0] for row in described])
    moments = {column.name for column in table.columns if column.type == "timestamp"}
    for name, type_, *_ in described:
        canonical = name.strip().lower()
        if canonical in moments and type_.startswith("TIMESTAMP"):
            # as raw tables write it, for parsing the text of each again takes longer than all else
            moment = f"cast({_identifier(name)} as timestamp)"
            expressions[canonical] = f"replace(cast({moment} as varchar), ' ', 'T') || 'Z'"
    return _Source(path, query, expressions)


def _open_database(path: Path, answer: Path) -> _Source:
    """Ask the database, and keep what it answers in a file.

    Raises:
        InputError: the file has no query, or the database refuses it.
    """
    from sqlalchemy import text

    from orchestration.sources.shared.database import address, open_database

    try:
        query = path.read_text(encoding="utf-8-sig").strip().rstrip(";")
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    if not query:
        raise InputError(
            f"{path}: is empty. Write one `select` in the language of the database that yields the "
            "canonical columns; see docs/files-connector.md."
        )
    with open_database(address()) as database:
        # a colon would be taken for a parameter
        names = database.write(text(query.replace(":", "\\:")), answer, str(path))
    return _Source(path, f"read_parquet({quote(answer)})", _expressions(path, names))


def _one_select(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    statements = con.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InputError(
            f"{path}: has {len(statements)} statements or something else than a query. Write one "
            "`select` that yields the canonical columns; see docs/files-connector.md."
        )
    return text


def _open_csv(table: Table, path: Path) -> _Source:
    """Read the header ourselves: which delimiter gives the most known columns is then certain."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
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
    return _Source(path, query, expressions, delimiter)


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


def _check_columns(table: Table, source: _Source) -> list[str]:
    """Warnings about columns that are not read.

    Raises:
        InputError: a required column is missing.
    """
    names = [column.name for column in table.columns]
    missing = [c.name for c in table.columns if c.required and c.name not in source.expressions]
    if missing:
        raise InputError(
            f"{source.path} line 1: required column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)} missing (found: {', '.join(source.expressions)}). Add "
            f"{'them' if len(missing) > 1 else 'it'}, or map the file with {table.name}.sql; "
            "see docs/files-connector.md."
        )
    extra = [name for name in source.expressions if name not in names]
    if not extra:
        return []
    return [f"{source.path.name}: columns that are not read: {', '.join(extra)}"]


def normalised(column: Column, expression: str) -> str:
    """The cell as raw tables write it; a text that is no such value stays what it is."""
    text = f"nullif(trim({expression}), '')"
    if column.type == "timestamp":
        moment = f"cast(make_timestamp(epoch_us(try_cast({text} as timestamptz))) as varchar)"
        # most exports write UTC as raw tables do: leaving those as they are saves half the time
        return (
            f"case when {expression} like '____-__-__T__:__:__Z' then {expression}"
            f" else coalesce(replace({moment}, ' ', 'T') || 'Z', {text}) end"
        )
    if column.type == "date":
        return f"coalesce(cast(try_cast({text} as date) as varchar), {text})"
    if column.type == "boolean":
        return (
            f"case when lower({text}) in ('true', 't', 'yes', 'y', '1') then 'true'"
            f" when lower({text}) in ('false', 'f', 'no', 'n', '0') then 'false' else {text} end"
        )
    return text


# per type: when a normalised cell is bad, and what to say
BAD = {
    "number": (
        "(try_cast({0} as double) is null or not isfinite(try_cast({0} as double))"
        " or contains({0}, '_'))",
        "is not a number; write 1234.5, without currency or thousands separators",
    ),
    "integer": (
        "(try_cast({0} as double) is null or not isfinite(try_cast({0} as double))"
        " or try_cast({0} as double) <> floor(try_cast({0} as double)))",
        "is not a whole number",
    ),
    "boolean": ("({0} not in ('true', 'false'))", "is not true or false"),
    "date": (
        "(not coalesce(try_cast({0} as date) between date '1900-01-01' and date '2199-12-31',"
        " false))",
        "is not a date from 1900 to 2199; write YYYY-MM-DD",
    ),
    "timestamp": (
        "(not coalesce(try_cast({0} as timestamptz) between timestamptz '1900-01-01 00:00:00Z'"
        " and timestamptz '2199-12-31 23:59:59Z', false))",
        "is not a time from 1900 to 2199; write YYYY-MM-DDTHH:MM:SSZ (or with an offset)",
    ),
}


def _cell_checks(table: Table) -> Iterator[tuple[str, str, str]]:
    """Column, condition of a bad cell, reason."""
    for column in table.columns:
        if column.required and not column.nullable:
            yield column.name, f"{column.name} is null", "is empty; every row needs it"
        if column.type in BAD:
            condition, reason = BAD[column.type]
            bad = condition.format(column.name)
            yield column.name, f"({column.name} is not null and {bad})", reason
        if (table.name, column.name) in RANGES:
            low, high, allowed = RANGES[table.name, column.name]
            number = f"try_cast({column.name} as double)"
            yield (
                column.name,
                f"(not ({number} {low} and {number} {high}))",
                f"is out of range: it must be {allowed}",
            )
    if table.name in ORDERED_DAYS:
        first, last = ORDERED_DAYS[table.name]
        yield (
            last,
            f"(try_cast({last} as date) < try_cast({first} as date))",
            f"is before {first}; swap them or correct one",
        )


def _find_problems(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    path: Path,
    *,
    reps: Path | None,
    metric_ids: Sequence[str],
    quarantine: bool,
) -> None:
    """Fill the table `problems` with every bad cell of the staged file."""
    con.execute(
        "create or replace temp table problems"
        " (row bigint, column_name varchar, value varchar, reason varchar)"
    )
    checks = list(_cell_checks(table))
    counts = con.execute(
        f"select {', '.join(f'count(*) filter ({check[1]})' for check in checks)}"
        f" from {quote(path)}"
    ).fetchall()[0]
    for (column, condition, reason), count in zip(checks, counts, strict=True):
        if count:
            con.execute(
                f"insert into problems select file_row_number, ?, {column}, ?"
                f" from {_numbered(path)} where {condition}",
                [column, reason],
            )
    _find_duplicates(con, table, path)
    if table.name in OF_REPS and reps is not None:
        remedy = (
            "add the rep, or leave the cell empty for unassigned"
            if table.column("rep_id").nullable
            else "add the rep or correct the id"
        )
        con.execute(
            "insert into problems select file_row_number, 'rep_id', rep_id,"
            f" 'is not a rep_id of reps; {remedy}'"
            f" from {_numbered(path)} anti join {quote(reps)} as reps using (rep_id)"
            " where rep_id is not null"
        )
    if table.name == "opportunity_splits":
        _find_unequal_splits(con, path, quarantine)
    if table.name == "interventions":
        con.execute(
            "insert into problems select file_row_number, 'metric_id', metric_id,"
            " 'is not a metric_id of metrics.csv; correct it'"
            f" from {_numbered(path)} where not list_contains(?, metric_id)",
            [metric_ids],
        )


def _find_duplicates(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> None:
    keys = ", ".join(table.key)
    repeated = f"select {keys} from {quote(path)} group by {keys} having count(*) > 1"
    if not con.execute(f"{repeated} limit 1").fetchall():
        return
    same = " and ".join(f"rows.{name} is not distinct from twice.{name}" for name in table.key)
    value = " || ', ' || ".join(f"coalesce(rows.{name}, '(empty)')" for name in table.key)
    missing = " or ".join(
        f"rows.{name} is null" for name in table.key if not table.column(name).nullable
    )
    con.execute(
        f"""
        insert into problems
        select file_row_number, {quote(" + ".join(table.key))}, {value},
            'is there more than once; keep one row of it'
        from {_numbered(path)} as rows
        semi join ({repeated}) as twice on {same}
        {f"where not ({missing})" if missing else ""}
        qualify row_number() over (partition by {value} order by file_row_number) > 1
        """
    )


def _find_unequal_splits(con: duckdb.DuckDBPyConnection, path: Path, quarantine: bool) -> None:
    """Splits must sum to 1 per deal; without the bad rows if those are set aside."""
    if con.execute("select 1 from problems limit 1").fetchall() and not quarantine:
        return  # what is wrong with the rows comes first
    con.execute(
        f"""
        insert into problems
        select
            file_row_number, 'split_ratio', split_ratio,
            'the splits of opportunity ' || opportunity_id || ' sum to '
                || round(sum(cast(split_ratio as double)) over (partition by opportunity_id), 6)
                || ', not 1'
        from {_numbered(path)}
        where file_row_number not in (select row from problems)
        qualify abs(sum(cast(split_ratio as double)) over (partition by opportunity_id) - 1)
            > {SPLIT_TOLERANCE}
        """
    )


def _unknown_managers(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    unknown = con.execute(
        f"select distinct reps.manager_id from {quote(path)} as reps"
        f" anti join {quote(path)} as managers on reps.manager_id = managers.rep_id"
        " where reps.manager_id is not null order by 1"
    ).fetchall()
    if not unknown:
        return []
    return [f"reps: manager_id not among the reps: {', '.join(row[0] for row in unknown)}"]


def _fetch_problems(con: duckdb.DuckDBPyConnection, source: _Source) -> list[Problem]:
    """All problems in the order of the file, with the line that an editor shows."""
    found = con.execute(
        "select row, column_name, value, reason from problems order by row, column_name"
    ).fetchall()
    if source.path.suffix == ".csv":
        lines = _csv_lines(source, {row for row, *_ in found})
    else:
        lines = {row: row + 1 for row, *_ in found}
    return [
        Problem(source.path.name, lines[row], column, value, reason)
        for row, column, value, reason in found
    ]


def _csv_lines(source: _Source, rows: set[int]) -> dict[int, int]:
    """The line on which each row starts: cells may hold line ends, and empty lines are no rows."""
    lines: dict[int, int] = {}
    if not rows:
        return lines
    last = max(rows)
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=source.delimiter)
        next(reader)
        row, start = 0, reader.line_num + 1
        for cells in reader:
            if cells or len(source.expressions) == 1:
                if row in rows:
                    lines[row] = start
                if row == last:
                    break
                row += 1
            start = reader.line_num + 1
    return lines


def _describe(folder: Path, problems: Sequence[Problem]) -> str:
    shown = [
        f"{folder / problem.file} {_place(problem)}: {problem.column}"
        f" {'is' if problem.value is None else repr(problem.value)}"
        f" {problem.reason.removeprefix('is ') if problem.value is None else problem.reason}"
        for problem in problems[:SHOWN_PROBLEMS]
    ]
    more = len(problems) - len(shown)
    if more:
        shown.append(f"… and {more:,} more.")
    shown.append(
        "Correct the files and refresh again, or set such rows aside with "
        "`scorecard refresh --quarantine`. Nothing was changed."
    )
    return "\n".join(shown)


def _place(problem: Problem) -> str:
    unit = "line" if problem.file.endswith((".csv", ".jsonl")) else "row"
    return f"{unit} {problem.line}"


def _unreadable(path: Path, error: duckdb.Error) -> InputError:
    """What DuckDB could not read, said for the person who made the file."""
    if path.suffix in {".csv", ".jsonl"} and (wrong := _line_not_utf8(path)):
        return _not_utf8(path, wrong)
    message = str(error).strip().splitlines()
    text = " ".join(line.strip() for line in message[:3])
    if path.suffix == ".sql":
        return InputError(
            f"{path}: the query fails: {text} Paths in it are relative to {path.parent}; "
            "see docs/files-connector.md."
        )
    return InputError(f"{path}: cannot be read: {text} Export it again or correct that line.")


def _line_not_utf8(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _not_utf8(path: Path, line: int | None = None) -> InputError:
    where = line or _line_not_utf8(path) or 1
    return InputError(
        f"{path} line {where}: has bytes that are not UTF-8. Save the file as UTF-8 "
        "(in Excel: 'CSV UTF-8')."
    )


def _numbered(path: Path) -> str:
    return f"read_parquet({quote(path)}, file_row_number = true)"


def _count(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    return int(con.execute(f"select count(*) from {quote(path)}").fetchall()[0][0])


def _count_distinct_rows(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("select count(distinct row) from problems").fetchall()[0][0])
