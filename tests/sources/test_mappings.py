"""A SQL mapping is code of a company: what it may read, and everything else that it may not do."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.files.load import check_files, load_files
from tests.sources.conftest import NOW, Query, Write

SECRET = "correct-horse-battery-staple"


@pytest.fixture
def outside(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Secrets beside the folder of files, behind links in it, and in the environment."""
    monkeypatch.setenv("SCORECARD_HUBSPOT_SERVICE_KEY", SECRET)
    folder = settings.files_dir.parent
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    (folder / "secret.csv").write_text(f"rep_id\n{SECRET}\n")
    # a folder whose name begins alike
    (folder / "files_of_others").mkdir()
    (folder / "files_of_others" / "secret.csv").write_text(f"rep_id\n{SECRET}\n")
    with duckdb.connect(str(folder / "secret.duckdb")) as con:
        con.execute("create table secrets as select ? as rep_id", [SECRET])
    (settings.files_dir / "link.csv").symlink_to(folder / "secret.csv")
    (settings.files_dir / "linked").symlink_to(folder)
    (settings.files_dir / "process").symlink_to("/proc/self")
    return folder


@pytest.fixture
def host() -> Iterator[tuple[str, list[str]]]:
    """Another host, and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"rep_id\nann\n")

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def refused(settings: Settings, write: Write, sql: str) -> str:
    """The message with which a mapping of the reps is refused."""
    (settings.files_dir / "reps.csv").unlink(missing_ok=True)
    write("reps.sql", sql)
    with pytest.raises(InputError, match=r"reps\.sql") as error:
        check_files(settings)
    assert SECRET not in str(error.value)
    return str(error.value)


READS = [
    "read_text('/etc/passwd')",
    "read_text('../secret.csv')",
    "read_csv('exports/../../secret.csv')",
    "'../secret.csv'",
    "read_text('{folder}/secret.csv')",
    "read_text('file://{folder}/secret.csv')",
    "read_text('{folder}/files/../secret.csv')",
    "read_text('{folder}/files_of_others/secret.csv')",
    "read_csv('link.csv')",
    "read_csv('*.csv')",
    "read_text('linked/secret.csv')",
    "read_text('linked/**')",
    "glob('../*')",
    "glob('/etc/*')",
    "read_blob('/proc/self/environ')",
    "read_blob('process/environ')",
    "read_text('/proc/1/environ')",
    "sniff_csv('../secret.csv')",
    "query('select * from read_text(''/etc/passwd'')')",
    "read_duckdb('../secret.duckdb', table_name = 'secrets')",
    "duckdb_secrets()",
]


@pytest.mark.parametrize("relation", READS)
def test_a_mapping_reads_only_the_files(
    settings: Settings, write: Write, outside: Path, relation: str
) -> None:
    relation = relation.format(folder=outside.resolve())
    message = refused(settings, write, f"select *, 'x' as rep_id, 'x' as rep_name from {relation}")
    assert "disabled by configuration" in message


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1 as rep_id) to '{folder}/written.csv'",
        "copy (select 1 as rep_id) to 'written.csv'",
        "attach '{folder}/secret.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "select 1 as rep_id, 'x' as rep_name; copy (select 1) to '{folder}/written.csv'",
        "create table t as select 1",
        "pragma enable_profiling",
        "call enable_logging()",
    ],
)
def test_a_mapping_is_one_query(settings: Settings, write: Write, outside: Path, sql: str) -> None:
    assert "Write one `select`" in refused(settings, write, sql.format(folder=outside))
    assert not list(outside.rglob("written*"))


@pytest.mark.parametrize(
    "expression", ["getenv('SCORECARD_HUBSPOT_SERVICE_KEY')", "(select a from frame)"]
)
def test_a_mapping_sees_nothing_of_the_process(
    settings: Settings, write: Write, outside: Path, expression: str
) -> None:
    """Neither its environment nor, as DuckDB would by itself, the variables of its code."""
    refused(settings, write, f"select 'x' as rep_id, {expression} as rep_name")


@pytest.mark.parametrize("relation", ["self", "sources", "config", "columns", "source", "path"])
def test_variables_of_the_code_are_no_tables(
    settings: Settings, write: Write, relation: str
) -> None:
    assert "does not exist" in refused(settings, write, f"select * from {relation}")


def test_a_mapping_cannot_log_into_a_file(settings: Settings, write: Write, outside: Path) -> None:
    sql = f"select * from enable_logging(storage_path = '{outside}/written')"
    assert "locked" in refused(settings, write, sql)
    assert not list(outside.rglob("written*"))


@pytest.mark.parametrize("function", ["read_csv", "read_text", "read_parquet", "read_json"])
def test_a_mapping_asks_no_other_host(
    settings: Settings, write: Write, host: tuple[str, list[str]], function: str
) -> None:
    address, asked = host
    refused(settings, write, f"select * from {function}('{address}/reps.csv')")
    assert asked == []


def test_a_mapping_reads_files_by_relative_and_whole_paths(
    settings: Settings, write: Write, query: Query
) -> None:
    write("exports/2026/a.csv", "name\nann\n")
    write("exports/2026/b.csv", "name\nbob\n")
    whole = settings.files_dir / "exports" / "2026" / "a.csv"
    (settings.files_dir / "reps.csv").unlink()
    write(
        "reps.sql",
        "select name as rep_id, name as rep_name from 'exports/*/*.csv'"
        f" union all select 'z', name from read_csv('{whole}')",
    )
    load_files(settings, now=NOW)
    assert query("select rep_id, rep_name from raw_files.reps order by 1") == [
        ("ann", "ann"),
        ("bob", "bob"),
        ("z", "ann"),
    ]


def test_files_may_be_links(settings: Settings, write: Write, query: Query, tmp_path: Path) -> None:
    """Of a whole folder, and of a table: whoever runs the scorecard put them there."""
    there = tmp_path / "elsewhere"
    (there / "exports").mkdir(parents=True)
    (there / "exports" / "accounts.csv").write_text("name\nx\n")
    (there / "accounts.sql").write_text("select name as account_id from 'exports/accounts.csv'")
    (tmp_path / "people.csv").write_text("rep_id,rep_name\nann,Ann\n")
    (there / "reps.csv").symlink_to(tmp_path / "people.csv")
    (settings.files_dir / "reps.csv").unlink()
    settings.files_dir.rmdir()
    settings.files_dir.symlink_to(there)
    load_files(settings, now=NOW)
    assert query("select rep_id from raw_files.reps") == [("ann",)]
    assert query("select account_id from raw_files.accounts") == [("x",)]


@pytest.mark.parametrize(
    "sql",
    [
        "select 'ann' as rep_id, content as rep_name from read_text('/etc/passwd')",
        "copy secrets to '{folder}/written.csv'",
        "drop table secrets",
        "attach '{folder}/written.duckdb' as other",
        "set enable_external_access = true",
    ],
)
def test_a_query_of_a_duckdb_file_reads_only_that_file(
    settings: Settings,
    write: Write,
    query: Query,
    outside: Path,
    monkeypatch: pytest.MonkeyPatch,
    sql: str,
) -> None:
    monkeypatch.setenv("SCORECARD_DATABASE_URL", f"duckdb:///{outside}/secret.duckdb")
    (settings.files_dir / "reps.csv").unlink(missing_ok=True)
    path = write("reps.database.sql", sql.format(folder=outside))
    with pytest.raises(InputError):
        load_files(settings, now=NOW)
    assert not list(outside.rglob("written*"))
    path.write_text("select rep_id, 'Ann' as rep_name from secrets")
    load_files(settings, now=NOW)
    assert query("select rep_id from raw_files.reps") == [(SECRET,)]
