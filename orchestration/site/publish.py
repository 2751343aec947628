"""The site: one built shell, a data folder beside it, and a small server to look at them.

The shell (Evidence, built by Node) depends only on the code in `reports/`. The data folder is
written from the published DuckDB file, without Node: `manifest.json` and one gzip-compressed Arrow
stream per table, or per value of the column a table is partitioned by. A page fetches only the
streams its queries name.

With `SCORECARD_AUDIENCES=on` the shell lies apart (`shell/`), and each audience has a data folder
of its own (`audiences/<folder>/`): a proxy that knows who is logged in serves it as `/data/`.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import filelock
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.core.as_of import company_time_zone
from orchestration.core.errors import ConfigError, PublishError, ScorecardError
from orchestration.core.settings import Settings
from orchestration.readers.labels import format_moment
from orchestration.releases.audiences import (
    NOBODY,
    RULES,
    Audience,
    Company,
    SiteTable,
    View,
    find_audiences,
    find_folder,
    known_folders,
    read_listing,
    require_rules,
    write_listing,
)
from orchestration.releases.publish import current_release

if TYPE_CHECKING:
    from starlette.applications import Starlette

SCHEMA = "scorecard"
EVERYTHING = {"sees": "everything", "reader": ""}
KEEP_RELEASES = 3
KEEP_SHELLS = 2
NODE_MAJOR = 20
LOG_LINES = 25
SHELL_SOURCES = (
    "pages",
    "components",
    "static",
    "patches",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "evidence.config.yaml",
    ".npmrc",
)
COMPRESSED_SUFFIXES = {".js", ".css", ".html", ".json", ".svg", ".wasm", ".webmanifest"}


@dataclass(frozen=True)
class Source:
    """A table of the site: the select that yields it and the column it is partitioned by."""

    table: str
    sql: str
    partitioned_by: str | None


def read_sources(folder: Path) -> list[Source]:
    """The selects in `reports/sources/*.sql`, in the order of their names.

    A first line `-- partitioned by <column>: …` gives each value of it a stream of its own.
    """
    sources = []
    for path in sorted(folder.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        partition = re.match(r"-- partitioned by (\w+)", sql)
        sources.append(Source(path.stem, sql, partition.group(1) if partition else None))
    return sources


def build_shell(settings: Settings) -> Path:
    """The built pages without data: once per version of `reports/`, then from the cache.

    Raises:
        ScorecardError: Node or npm is missing or too old, or the build failed.
    """
    project = settings.reports_project_dir
    cache = settings.data_dir / ".reports_shell"
    shell = cache / _hash_of_sources(project)
    if (shell / "index.html").is_file():
        return shell
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / ".lock"):
        if (shell / "index.html").is_file():
            return shell
        _require_node()
        install_packages(project)
        # an earlier build's leftovers (other teams' tables included) never reach this one
        with tempfile.TemporaryDirectory(prefix="build-", dir=cache) as name:
            work = Path(name)
            for source in SHELL_SOURCES:
                if (project / source).is_dir():
                    shutil.copytree(project / source, work / source)
                elif (project / source).exists():
                    shutil.copy2(project / source, work / source)
            (work / "node_modules").symlink_to(project / "node_modules")
            _run(["npm", "run", "build"], work, "build the pages")
            built = work / ".evidence" / "template" / "build"
            if not (built / "index.html").is_file():
                raise ScorecardError(
                    f"The build of the pages in {project} left no index.html. "
                    "Run `npm ci && npm run build` there to see why."
                )
            shutil.rmtree(built / "data", ignore_errors=True)
            _compress_files(built)
            os.replace(built, shell)
        _keep_newest(cache, KEEP_SHELLS, keep=shell)
    return shell


def write_site_data(
    published_duckdb: Path,
    folder: Path,
    sources_dir: Path | None = None,
    company: Mapping[str, str] | None = None,
) -> None:
    """Write the data folder of a published DuckDB file: `manifest.json` and the streams.

    Dates and times become text: the engine of the pages turns a missing date into 1970.

    Args:
        published_duckdb: the published file; it is only read.
        folder: the folder to fill; it must not exist or be empty.
        sources_dir: the folder with one select per table.
        company: what the pages show of the company itself: `company_name`, `currency`, and
            `refreshed_at`, when the release was published by the company's clock.

    Raises:
        PublishError: a select does not fit the published file.
    """
    sources_dir = sources_dir or Settings().reports_project_dir / "sources"
    with duckdb.connect(str(published_duckdb), read_only=True) as connection:
        tables = read_tables(connection, sources_dir)
    _DataWriter(tables, company or {}, pool=None).write(folder, None, EVERYTHING)


def write_audiences(
    published_duckdb: Path,
    site: Path,
    sources_dir: Path,
    company: Mapping[str, str],
    analysts: Sequence[str] = (),
    *,
    previous: Path | None = None,
    pool: Path | None = None,
) -> list[Audience]:
    """Write a data folder per audience into `site`, and which login reads which of them.

    Args:
        published_duckdb: the published file; it is only read.
        site: the folder that gets `audiences/` and the listings.
        sources_dir: the folder with one select per table.
        company: what the pages show of the company itself.
        analysts: e-mails of those who see everything.
        previous: the site of before, whose folders keep their names.
        pool: where streams lie that later releases may link to.

    Raises:
        PublishError: a table has no rule, or a select does not fit the published file.
    """
    require_rules(source.table for source in read_sources(sources_dir))
    with duckdb.connect(str(published_duckdb), read_only=True) as connection:
        people = Company(connection)
        tables = read_tables(connection, sources_dir)
    known = known_folders(previous) if previous else {}
    audiences, left_out = find_audiences(people, analysts, known)
    writer = _DataWriter(tables, company, pool)
    for audience in audiences:
        folder = site / "audiences" / audience.folder
        if audience.person is None:
            writer.write(folder, None, EVERYTHING)
        else:
            reader = {"sees": "people", "reader": audience.person.name}
            writer.write(folder, View(people, audience.reps), reader)
    nothing = {"sees": "nothing", "reader": ""}
    writer.write(site / "audiences" / NOBODY, View(people, frozenset()), nothing)
    write_listing(site, audiences, left_out)
    return audiences


def read_tables(connection: duckdb.DuckDBPyConnection, sources_dir: Path) -> list[SiteTable]:
    """The tables of the site as the selects in `sources_dir` yield them.

    Raises:
        PublishError: a select does not fit the published file.
    """
    tables = []
    connection.execute("set search_path = 'marts'")
    for source in read_sources(sources_dir):
        try:
            rows = _read_table(connection, source.sql)
        except duckdb.Error as error:
            raise PublishError(
                f"{sources_dir / source.table}.sql does not fit the published file: {error}"
            ) from error
        tables.append(SiteTable(source.table, rows, source.partitioned_by))
    return tables


def require_audiences(settings: Settings) -> None:
    """Let nobody see more than before because a setting was left out.

    Raises:
        ConfigError: the pages have audiences, and whether they are to have is not said.
    """
    if settings.audiences is None and read_listing(settings.reports_dir / "current") is not None:
        raise ConfigError(
            f"SCORECARD_AUDIENCES is not set, but the pages of '{settings.company}' show each "
            "person only what they may see. Set it to on; or to off, if whoever opens the pages "
            "may see everything from now on."
        )


def publish_site(settings: Settings) -> Path:
    """Put the shell and the data of the published release together and swap them in at once.

    Returns:
        The folder of the new site; `settings.reports_dir / "current"` points to it.

    Raises:
        ScorecardError: nothing is published yet, or a step failed; the site of before stays.
    """
    require_audiences(settings)
    release = settings.published_dir / "current"
    published = release.resolve() / "scorecard.duckdb"
    current = current_release(settings)
    if current is None or not published.is_file():
        raise PublishError(f"{release} has no release yet. Run `scorecard refresh` first.")
    sources_dir = settings.reports_project_dir / "sources"
    shell = build_shell(settings)
    releases = settings.reports_dir / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    site = releases / published.parent.name
    pointer = settings.reports_dir / "current"
    pool = settings.reports_dir / ".streams"
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=releases))
    try:
        work.chmod(0o755)
        company = {
            **_read_company(settings.seeds_dir / "company_settings.csv"),
            "refreshed_at": format_moment(current.published_at, company_time_zone(settings)),
        }
        if settings.audiences:
            shutil.copytree(shell, work / "shell", copy_function=_link_or_copy)
            write_audiences(
                published,
                work,
                sources_dir,
                company,
                settings.analysts,
                previous=pointer,
                pool=pool,
            )
        else:
            shutil.copytree(shell, work, dirs_exist_ok=True, copy_function=_link_or_copy)
            write_site_data(published, work / "data", sources_dir, company)
        if site.exists():
            # the same release again (the pages changed): a reader sees the one or the other
            retired = Path(tempfile.mkdtemp(prefix=".old-", dir=releases))
            os.replace(site, retired / "site")
            os.replace(work, site)
            shutil.rmtree(retired)
        else:
            os.replace(work, site)
    except OSError as error:
        raise PublishError(f"{work}: the site could not be written: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    new_pointer = settings.reports_dir / f".current-{os.getpid()}"
    new_pointer.unlink(missing_ok=True)
    new_pointer.symlink_to(Path("releases") / site.name)
    os.replace(new_pointer, pointer)
    _keep_newest(releases, KEEP_RELEASES, keep=site)
    _prune_pool(pool)
    return site


def served_folders(site: Path, who: str | None = None) -> tuple[Path, Path]:
    """The folders of the shell and of the data that a person sees; everything for nobody.

    Args:
        site: `settings.reports_dir / "current"`, or one of the sites.
        who: a rep's id or the e-mail of a login.

    Raises:
        ConfigError: there is no site, or nothing is written for this person.
    """
    if not ((site / "index.html").is_file() or (site / "shell" / "index.html").is_file()):
        raise ConfigError(f"{site} has no pages yet. Run `scorecard refresh` first.")
    if who is None and read_listing(site) is None:
        return site, site / "data"
    return site / "shell", site / "audiences" / find_folder(site, who)


def site_app(shell: Path, data: Path | None = None) -> Starlette:
    """The pages in `shell` as an application, with the files of `data` as `/data/`."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import FileResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def answer(request: Request) -> Response:
        # resolved at each request: a refresh swaps the pointer while the server runs
        root, path = shell.resolve(), request.path_params["path"]
        if data is not None and path.startswith("data/"):
            root, path = data.resolve(), path.removeprefix("data/")
        wanted = (root / path).resolve()
        if not wanted.is_relative_to(root):
            return PlainTextResponse("Not found", status_code=404)
        if not wanted.is_file():
            first = request.path_params["path"].split("/")[0]
            if first in {"data", "_app", "api"}:
                return PlainTextResponse("Not found", status_code=404)
            wanted = root / "index.html"
        inside = wanted.relative_to(root).as_posix()
        immutable = "/immutable/" in f"/{inside}" or inside.endswith(".arrow.gz")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if immutable else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        media_type = _media_type(wanted)
        packed = wanted.with_name(f"{wanted.name}.gz")
        if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
            headers["Content-Encoding"] = "gzip"
            wanted = packed
        return FileResponse(wanted, headers=headers, media_type=media_type)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "HEAD"])])


def serve(site: Path, port: int, who: str | None = None) -> None:
    """Show a site on 127.0.0.1 until interrupted, as a person sees it.

    Raises:
        ConfigError: there is no site, or nothing is written for this person.
    """
    import uvicorn

    app = site_app(*served_folders(site, who))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


@contextmanager
def served(shell: Path, data: Path | None = None) -> Iterator[str]:
    """`site_app` on a free port of 127.0.0.1, in a thread; yields the address.

    Raises:
        ScorecardError: the server did not start.
    """
    import uvicorn

    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site_app(shell, data), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise ScorecardError("The pages could not be served on 127.0.0.1.")
                time.sleep(0.02)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def install_packages(project: Path) -> None:
    """Run `npm ci` in `project` unless exactly these packages are installed.

    Raises:
        ScorecardError: npm failed.
    """
    wanted = hashlib.sha256()
    for path in [project / "package-lock.json", *sorted((project / "patches").glob("*.patch"))]:
        wanted.update(path.read_bytes())
    stamp = project / "node_modules" / ".scorecard-install"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted.hexdigest():
        return
    _run(["npm", "ci", "--no-progress"], project, "install the packages of the pages")
    stamp.write_text(wanted.hexdigest(), encoding="utf-8")


def _read_table(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The rows of a select in the plain types that the pages can show."""
    described = connection.execute(f"describe {sql}").fetchall()
    columns = []
    for name, kind, *_ in described:
        quoted = f'"{name}"'
        if kind == "DATE":
            columns.append(f"cast({quoted} as varchar) as {quoted}")
        elif kind.startswith("TIMESTAMP"):
            columns.append(f"strftime({quoted}, '%Y-%m-%d %H:%M') as {quoted}")
        elif kind in {"VARCHAR", "BOOLEAN", "DOUBLE"}:
            columns.append(quoted)
        else:
            columns.append(f"cast({quoted} as double) as {quoted}")
    return connection.sql(f"select {', '.join(columns)} from ({sql})").to_arrow_table()


class _DataWriter:
    """Writes data folders; what several of them share is made and compressed once."""

    def __init__(
        self, tables: Sequence[SiteTable], company: Mapping[str, str], pool: Path | None
    ) -> None:
        self.tables = tables
        self.company = company
        self.pool = pool
        self.written: dict[tuple[str, Any], Path] = {}
        self.parts: dict[str, dict[str, pa.Table]] = {
            table.name: dict(_partitions(table.rows, table.partitioned_by))
            for table in tables
            if table.partitioned_by
        }
        if pool is not None:
            pool.mkdir(parents=True, exist_ok=True)

    def write(self, folder: Path, view: View | None, reader: Mapping[str, str]) -> None:
        """Fill the folder of an audience; of everything without a view."""
        folder.mkdir(parents=True, exist_ok=True)
        entries = {table.name: self._write_table(folder, table, view) for table in self.tables}
        about = {"company_name": "", "currency": "", "refreshed_at": "", **self.company, **reader}
        rows = pa.table({name: pa.array([value], pa.string()) for name, value in about.items()})
        entries["company"] = {
            "ddl": _ddl("company", rows),
            "file": self._write_stream(folder, "company", rows),
        }
        manifest = json.dumps({"renderedFiles": {SCHEMA: entries}})
        (folder / "manifest.json").write_text(manifest, encoding="utf-8")
        _compress_files(folder)

    def _write_table(self, folder: Path, table: SiteTable, view: View | None) -> dict[str, object]:
        """Write the streams of a table and return its entry in the manifest."""
        ddl = _ddl(table.name, table.rows)
        if table.partitioned_by is not None:
            return {
                "ddl": ddl,
                "partitioned_by": table.partitioned_by,
                "files": self._write_parts(folder, table, view),
            }
        if view is None:
            key, rows = "everything", table.rows
        else:
            key = view.shared_key(table)
            rows = None if (table.name, key) in self.written else view.rows_of(table)
        if rows is not None and not rows.num_rows:
            return {"ddl": ddl, "file": None}
        return {"ddl": ddl, "file": self._write_stream(folder, table.name, rows, key)}

    def _write_parts(self, folder: Path, table: SiteTable, view: View | None) -> dict[str, str]:
        parts = self.parts[table.name]
        if view is None:
            return {
                value: self._write_stream(folder, table.name, rows, value)
                for value, rows in parts.items()
            }
        rule = RULES[table.name]
        if rule.rows != "own" or table.partitioned_by != "rep_id":
            raise PublishError(
                f"{table.name} is partitioned by {table.partitioned_by}, but only tables "
                "partitioned by rep_id can be shared out. Nothing was published."
            )
        is_shared = not (rule.team_columns or rule.organisation_columns or rule.left_empty)
        return {
            rep_id: self._write_stream(
                folder,
                table.name,
                parts[rep_id] if is_shared else view.without_small_groups(rule, parts[rep_id]),
                rep_id if is_shared else None,
            )
            for rep_id in sorted(view.reps & parts.keys())
        }

    def _write_stream(
        self, folder: Path, table: str, rows: pa.Table | None, key: Any = None
    ) -> str:
        """Write one compressed Arrow stream; its name changes with its content: it can be cached.

        Streams with the same key have the same rows: the first one is linked to.
        """
        known = self.written.get((table, key)) if key is not None else None
        if known is None:
            known = self._pack(folder, table, rows)
            if key is not None:
                self.written[table, key] = known
        target = folder / known.name
        if not target.exists():
            _link_or_copy(str(known), str(target))
        return known.name

    def _pack(self, folder: Path, table: str, rows: pa.Table) -> Path:
        """The file of a stream: in the pool, where it may lie from an earlier release, or here."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(_copied(rows))
        content = sink.getvalue().to_pybytes()
        name = f"{table}.{hashlib.sha256(content).hexdigest()[:16]}.arrow.gz"
        path = (self.pool or folder) / name
        if not path.exists():
            packed = gzip.compress(content, compresslevel=1, mtime=0)
            incoming = path.with_name(f".{name}.new")  # a crash must not leave half a stream
            incoming.write_bytes(packed)
            os.replace(incoming, path)
        return path


def _copied(rows: pa.Table) -> pa.Table:
    """The same rows in memory of their own.

    Arrow writes a slice with up to 63 bytes of what lies behind it (the next rep's name), and a
    null with whatever lies beneath it; taking each row by its number leaves both behind.
    """
    return rows.take(pa.array(np.arange(rows.num_rows)))


def _ddl(table: str, rows: pa.Table) -> str:
    """The statement that creates a table of the site in the browser."""
    kinds = {pa.string(): "VARCHAR", pa.bool_(): "BOOLEAN", pa.float64(): "DOUBLE"}
    columns = ", ".join(f'"{field.name}" {kinds[field.type]}' for field in rows.schema)
    return f'CREATE OR REPLACE TABLE "{SCHEMA}"."{table}" ({columns});'


def _partitions(rows: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each value of `column`, by which the table is ordered."""
    values = rows.column(column).combine_chunks()
    runs = pc.run_end_encode(values)
    start = 0
    for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield value, rows.slice(start, end - start)
        start = end


def _prune_pool(pool: Path) -> None:
    """Delete the streams that no site links to any more."""
    for path in pool.glob("*") if pool.is_dir() else ():
        if path.stat().st_nlink == 1:
            path.unlink(missing_ok=True)


def _read_company(path: Path) -> dict[str, str]:
    """`company_name` and `currency` of the company's settings."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        settings = {row["setting"]: row["value"] for row in csv.DictReader(file)}
    return {name: settings.get(name) or "" for name in ("company_name", "currency")}


def _hash_of_sources(project: Path) -> str:
    """One hash over every file that the shell is built from."""
    digest = hashlib.sha256()
    for source in SHELL_SOURCES:
        path = project / source
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(file.relative_to(project).as_posix().encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _require_node() -> None:
    """Stop with advice when Node cannot build the pages."""
    node = shutil.which("node")
    advice = f"Install Node {NODE_MAJOR} or newer with npm, or refresh with --no-reports."
    if node is None or shutil.which("npm") is None:
        raise ScorecardError(f"The pages need Node and npm, which are not on the PATH. {advice}")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)", version.stdout)
    if major is None or int(major.group(1)) < NODE_MAJOR:
        raise ScorecardError(
            f"The pages need Node {NODE_MAJOR} or newer; {node} is "
            f"{version.stdout.strip() or 'broken'}. {advice}"
        )


def _run(command: list[str], folder: Path, purpose: str) -> None:
    """Run a command of Node's; its last lines are the error when it fails."""
    environment = {
        **os.environ,
        "SEND_ANONYMOUS_USAGE_STATS": "no",
        "VITE_EVIDENCE_SPA": "true",
        "VITE_EVIDENCE_DISABLE_WINDOWS_CACHE_SERVICE_WORKER": "true",
    }
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        tail = "\n".join(result.stdout.strip().splitlines()[-LOG_LINES:])
        raise ScorecardError(
            f"Could not {purpose}: `{' '.join(command)}` in {folder} ended with exit code "
            f"{result.returncode}. Its last lines:\n{tail}"
        )


def _compress_files(folder: Path) -> None:
    """Put a gzip beside each file that shrinks, so that the server never compresses."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in COMPRESSED_SUFFIXES:
            packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)


def _link_or_copy(source: str, target: str) -> str:
    """A hard link where the file system has them: the shell is 40 MB and never changes."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _keep_newest(folder: Path, count: int, keep: Path) -> None:
    """Delete all but the newest `count` folders; `keep` always stays."""
    folders = [path for path in folder.iterdir() if path.is_dir() and path != keep]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in folders[count - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _media_type(path: Path) -> str:
    """The type of a file by its name (the host's own table of types may be wrong)."""
    return {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        ".webmanifest": "application/manifest+json",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".ico": "image/x-icon",
        ".wasm": "application/wasm",
        ".woff2": "font/woff2",
        ".gz": "application/octet-stream",
    }.get(path.suffix, "application/octet-stream")
