"""The site: one built shell, a data folder beside it, and a small server to look at them.

The shell (Evidence, built by Node) depends only on the code in `reports/`. The data folder is
written from the published DuckDB file, without Node: `manifest.json` and one gzip-compressed Arrow
stream per table, or per value of the column a table is partitioned by. A page fetches only the
streams its queries name.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import filelock
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.as_of import company_time_zone
from orchestration.errors import ConfigError, PublishError, ScorecardError
from orchestration.labels import format_moment
from orchestration.publishing import current_release
from orchestration.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

SCHEMA = "scorecard"
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
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, object] = {}
    with duckdb.connect(str(published_duckdb), read_only=True) as connection:
        connection.execute("set search_path = 'marts'")
        for source in read_sources(sources_dir):
            try:
                rows = _read_table(connection, source.sql)
            except duckdb.Error as error:
                raise PublishError(
                    f"{sources_dir / source.table}.sql does not fit {published_duckdb}: {error}"
                ) from error
            tables[source.table] = _write_table(folder, source, rows)
    company = {"company_name": "", "currency": "", "refreshed_at": "", **(company or {})}
    rows = pa.table({name: pa.array([value], pa.string()) for name, value in company.items()})
    tables["company"] = _write_table(folder, Source("company", "", None), rows)
    manifest = {"renderedFiles": {SCHEMA: tables}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def publish_site(settings: Settings) -> Path:
    """Put the shell and the data of the published release together and swap them in at once.

    Returns:
        The folder of the new site; `settings.reports_dir / "current"` points to it.

    Raises:
        ScorecardError: nothing is published yet, or a step failed; the site of before stays.
    """
    release = settings.published_dir / "current"
    published = release.resolve() / "scorecard.duckdb"
    current = current_release(settings)
    if current is None or not published.is_file():
        raise PublishError(f"{release} has no release yet. Run `scorecard refresh` first.")
    shell = build_shell(settings)
    releases = settings.reports_dir / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    site = releases / published.parent.name
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=releases))
    try:
        work.chmod(0o755)
        shutil.copytree(shell, work, dirs_exist_ok=True, copy_function=_link_or_copy)
        write_site_data(
            published,
            work / "data",
            settings.reports_project_dir / "sources",
            {
                **_read_company(settings.seeds_dir / "company_settings.csv"),
                "refreshed_at": format_moment(current.published_at, company_time_zone(settings)),
            },
        )
        _compress_files(work / "data")
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
    pointer = settings.reports_dir / "current"
    new_pointer = settings.reports_dir / f".current-{os.getpid()}"
    new_pointer.unlink(missing_ok=True)
    new_pointer.symlink_to(Path("releases") / site.name)
    os.replace(new_pointer, pointer)
    _keep_newest(releases, KEEP_RELEASES, keep=site)
    return site


def site_app(folder: Path) -> Starlette:
    """The site in `folder` as an application: its files, and `index.html` for every page."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import FileResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def answer(request: Request) -> Response:
        # resolved at each request: a refresh swaps the pointer while the server runs
        root = folder.resolve()
        wanted = (root / request.path_params["path"]).resolve()
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


def serve(folder: Path, port: int) -> None:
    """Show the site in `folder` on 127.0.0.1 until interrupted.

    Raises:
        ConfigError: there is no site in the folder.
    """
    import uvicorn

    if not (folder / "index.html").is_file():
        raise ConfigError(f"{folder} has no site yet. Run `scorecard refresh` first.")
    uvicorn.run(site_app(folder), host="127.0.0.1", port=port, log_level="warning")


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


def _write_table(folder: Path, source: Source, rows: pa.Table) -> dict[str, object]:
    """Write the streams of a table and return its entry in the manifest."""
    kinds = {pa.string(): "VARCHAR", pa.bool_(): "BOOLEAN", pa.float64(): "DOUBLE"}
    columns = ", ".join(f'"{field.name}" {kinds[field.type]}' for field in rows.schema)
    ddl = f'CREATE OR REPLACE TABLE "{SCHEMA}"."{source.table}" ({columns});'
    if source.partitioned_by is None:
        return {"ddl": ddl, "file": _write_stream(folder, source.table, rows) if rows else None}
    files = {
        value: _write_stream(folder, source.table, part)
        for value, part in _partitions(rows, source.partitioned_by)
    }
    return {"ddl": ddl, "partitioned_by": source.partitioned_by, "files": files}


def _partitions(rows: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each value of `column`, by which the table is ordered."""
    values = rows.column(column).combine_chunks()
    runs = pc.run_end_encode(values)
    start = 0
    for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield value, rows.slice(start, end - start)
        start = end


def _write_stream(folder: Path, table: str, rows: pa.Table) -> str:
    """Write one compressed Arrow stream; its name changes with its content, so it can be cached."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    packed = gzip.compress(sink.getvalue().to_pybytes(), compresslevel=4, mtime=0)
    name = f"{table}.{hashlib.sha256(packed).hexdigest()[:16]}.arrow.gz"
    (folder / name).write_bytes(packed)
    return name


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
