"""The files connector: canonical tables from CSV, Parquet, JSON lines or a SQL mapping.

A table is read once into a Parquet file in the shape of its raw table, with dates, timestamps and
booleans normalised; what could not be normalised keeps its text. The checks then run on that file
in SQL, and only where they find something are rows looked up one by one.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.core.errors import InputError
from orchestration.core.fingerprint import hash_values
from orchestration.core.settings import Settings
from orchestration.core.sql import render_sql
from orchestration.policy.as_of import company_time_zone
from orchestration.policy.reading import read_policy
from orchestration.sources.canonical import TABLE_BY_NAME, TABLES, Column, Table
from orchestration.sources.files.find import find_files, is_of_database, stray_files
from orchestration.sources.files.formats import FileSource, numbered, open_file, unreadable
from orchestration.sources.files.problems import (
    OF_REPS,
    RANGES,
    check_columns,
    count_distinct_rows,
    count_rows,
    describe_problems,
    fetch_problems,
    find_problems,
    lines_of,
    normalised,
    unknown_managers,
)
from orchestration.sources.shared.load import (
    Staged,
    TableLoad,
    create_raw_tables,
    iso,
    load_staged,
    raw_columns,
    unchanged,
)
from orchestration.warehouse.connection import (
    WITHOUT_EXTENSIONS,
    connect,
    limits,
    quote,
    working_folder,
    write_parquet,
)

GENERATED_ID = {"activities": "activity_id"}


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
    sources = find_files(settings)
    fingerprints = file_fingerprints(settings, sources)
    stray = stray_files(settings, sources)
    with connect(settings) as con:
        # else a bulk insert leaves small row groups, which every checkpoint packs again, and a file
        # of twice the size
        con.execute("set preserve_insertion_order = false")
        create_raw_tables(con)
        loads: dict[str, TableLoad] = {}
        for table in chosen:
            # a database's rows are known only after running its query
            ask = full or is_of_database(sources.get(table.name))
            done = None if ask else unchanged(con, table, fingerprints[table.name], quarantine)
            if done:
                loads[table.name] = done
        rest = [table for table in chosen if table.name not in loads]
        if rest:
            with working_folder(settings) as folder:
                staging = _Staging(settings, sources, fingerprints, Path(folder), quarantine, now)
                for staged in staging.stage(rest):
                    loads[staged.table.name] = load_staged(con, staged, full=full, now=now)
    if stray and "reps" in loads:
        loads["reps"] = replace(loads["reps"], warnings=(*loads["reps"].warnings, *stray))
    return [loads[table.name] for table in chosen]


def poll_files(settings: Settings, seen: object = None) -> dict[str, str]:
    """The fingerprint of each table's file: it changes when the file does."""
    return file_fingerprints(settings, find_files(settings))


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
    with staged_files(settings, tables) as staged:
        return staged.warnings


@dataclass(frozen=True)
class StagedFiles:
    """Files that were read and found good, each as Parquet in the shape of its raw table."""

    paths: Mapping[str, Path]
    warnings: list[str]
    opened: Mapping[str, FileSource]

    def place(self, table: str, row: int | None) -> tuple[str, int | None]:
        """The name of a table's file, and the line on which a row of it starts."""
        source = self.opened.get(table)
        if source is None or row is None:
            return (source.path.name if source else table), None
        return source.path.name, lines_of(source, {row})[row]


@contextmanager
def staged_files(settings: Settings, tables: Sequence[str] | None = None) -> Iterator[StagedFiles]:
    """Read and check the files (of these tables, or all) as long as the context is open.

    Raises:
        InputError: names file, line, column, value and remedy of the first problems.
    """
    sources = find_files(settings)
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
        yield StagedFiles(
            {one.table.name: one.path for one in staged},
            [
                *stray_files(settings, sources),
                *(warning for one in staged for warning in one.warnings),
            ],
            staging.opened,
        )


def file_fingerprints(settings: Settings, sources: dict[str, Path]) -> dict[str, str]:
    """A text per table that changes when anything changes that its rows are made of."""

    def identity(paths: Iterable[Path]) -> list[tuple[str, int, int]]:
        return [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in paths]

    time_zone = str(company_time_zone(settings))

    def of(table: Table) -> str:
        path = sources.get(table.name)
        parts: list[object] = [table, RANGES, time_zone]
        if table.name == "interventions":
            parts.append(_policy_values(settings, "metrics", "metric_id"))
        if table.name == "reps":
            parts.append(_policy_values(settings, "calendars", "calendar"))
        if path is not None:
            parts.append(identity([path]))
            if path.suffix == ".sql":
                parts.append(path.read_bytes())
                reach = sorted(p for p in settings.files_dir.rglob("*") if p.is_file())
                parts.append(identity(reach))
        return hash_values(*parts)

    own = {table.name: of(table) for table in TABLES}
    return {
        name: f"{fingerprint}-{own['reps'][:16]}" if name in OF_REPS else fingerprint
        for name, fingerprint in own.items()
    }


def _policy_values(settings: Settings, seed: str, column: str) -> list[str]:
    """What the policy knows and files may name: metrics of interventions, calendars of reps."""
    return sorted(read_policy(settings.seeds_dir).values(seed, column))


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
        """Take what is staged: the files found, their fingerprints, and the folder to stage in."""
        self.settings = settings
        self.sources = sources
        self.fingerprints = fingerprints
        self.folder = folder
        self.quarantine = quarantine
        self.now = now
        self.metric_ids = _policy_values(settings, "metrics", "metric_id")
        self.calendars = _policy_values(settings, "calendars", "calendar")
        self.opened: dict[str, FileSource] = {}
        self.time_zone = str(company_time_zone(settings))

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
        with self._enclosed() as con:
            for table in order:
                staged.append(self._stage(con, table))
        bad = [problem for one in staged for problem in one.quarantined]
        if bad and not self.quarantine:
            raise InputError(describe_problems(self.settings.files_dir, bad))
        return [one for one in staged if one.table in wanted]

    @contextmanager
    def _enclosed(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB in which a mapping reaches nothing but the files.

        It is code of a company: it must not read other files or the environment, write anything but
        its answer, speak with another host, load an extension, or undo any of that.
        """
        files = self.settings.files_dir.resolve()
        folders = ", ".join(quote(f"{folder}/") for folder in (files, self.folder.resolve()))
        # a file put there as a table may be a link to elsewhere
        tables = ", ".join(quote(path.resolve()) for path in self.sources.values())
        config = {**limits(self.settings), **WITHOUT_EXTENSIONS}
        with duckdb.connect(config=config) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"set allowed_directories = [{folders}]")
            con.execute(f"set allowed_paths = [{tables}]")
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
            yield con

    def _stage(self, con: duckdb.DuckDBPyConnection, table: Table) -> Staged:
        path = self.folder / f"{table.name}.parquet"
        fingerprint = self.fingerprints[table.name]
        file = self.sources.get(table.name)
        if file is None:
            nothing = ", ".join(f"cast(null as varchar) as {name}" for name in raw_columns(table))
            write_parquet(con, f"select {nothing} limit 0", path)
            return Staged(table, path, fingerprint, 0)
        # DuckDB resolves the relative paths of a mapping against the working folder of the process
        with nullcontext() if is_of_database(file) else chdir(self.settings.files_dir):
            source = open_file(con, table, file, self.folder)
            self.opened[table.name] = source
            warnings = check_columns(table, source)
            self._write(con, table, source, path)
        rows = count_rows(con, path)
        find_problems(
            con,
            table,
            path,
            # a CRM may have the rep; dbt warns if it does not
            reps=None if self.settings.has_crm else self.folder / "reps.parquet",
            metric_ids=self.metric_ids,
            calendars=self.calendars,
            quarantine=self.quarantine,
        )
        bad_rows = count_distinct_rows(con)
        problems = fetch_problems(con, table, source)
        if self.quarantine and bad_rows:
            good = self.folder / f"{table.name}.good.parquet"
            write_parquet(
                con,
                f"select * exclude (file_row_number) from {numbered(path)}"
                " where file_row_number not in (select row from problems)",
                good,
            )
            good.replace(path)
        if table.name == "reps":
            warnings += unknown_managers(con, path)
        return Staged(table, path, fingerprint, rows, problems, bad_rows, tuple(warnings))

    def _cell(self, column: Column, source: FileSource) -> str:
        """The cell of a row as the raw table has it: of a moment without a time, its day."""
        day = replace(column, name=column.day_column, type="date", day_column="")
        cells = [
            normalised(one, source.expressions[one.name], self.time_zone)
            for one in (column, day)
            if one.name in source.expressions
        ]
        return f"coalesce({', '.join(cells)})" if cells else "cast(null as varchar)"

    def _write(
        self, con: duckdb.DuckDBPyConnection, table: Table, source: FileSource, path: Path
    ) -> None:
        """Write the rows in the shape of the raw table, normalised where that is possible."""
        columns = [f"{self._cell(column, source)} as {column.name}" for column in table.columns]
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
            write_parquet(con, f"select {', '.join(columns)} from {source.query}", path)
        except duckdb.Error as error:
            raise unreadable(source.path, error) from error
        generated = GENERATED_ID.get(table.name)
        if (
            generated
            and con.execute(
                f"select 1 from {quote(path)} where {generated} is null limit 1"
            ).fetchall()
        ):
            named = self.folder / f"{table.name}.named.parquet"
            cells = ", ".join(column.name for column in table.columns)
            query = render_sql(
                __package__, "named", id_column=generated, cells=cells, numbered=numbered(path)
            )
            write_parquet(con, query, named)
            named.replace(path)
