"""Servers of the tests' own, and what tells two releases apart."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.transform.engines import spark_server

USER = "scorecard"


@dataclass(frozen=True)
class Server:
    """A running server; it listens on a socket in its own folder only."""

    folder: Path
    password: str

    def variables(self, database: str) -> Mapping[str, str]:
        """What a user would put into the environment."""
        return {
            "PGHOST": str(self.folder),
            "PGPORT": "5432",
            "PGDATABASE": database,
            "PGUSER": USER,
            "PGPASSWORD": self.password,
        }

    def execute(self, sql: str, database: str = "postgres") -> None:
        """Run a statement as the owner of everything."""
        import psycopg2

        connection = psycopg2.connect(
            host=str(self.folder), user=USER, password=self.password, dbname=database
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql)
        finally:
            connection.close()


def _program(name: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(versions[0]) if versions else None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for the session, on a socket, gone with it."""
    initdb, program = _program("initdb"), _program("postgres")
    if initdb is None or program is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL's server is missing: .ci/run should have installed it")
        pytest.skip("PostgreSQL's server is not installed: apt install postgresql")
    # a short path of its own, for a socket's path is limited and root's folders are closed to it
    folder = Path(tempfile.mkdtemp(prefix="scorecard-pg-"))
    owner = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    if owner is not None:
        shutil.chown(folder, owner)
    server = Server(folder, password=f"canary-{secrets.token_hex(8)}")
    password_file = folder / "password"
    password_file.write_text(server.password)
    password_file.chmod(0o644)
    subprocess.run(
        [initdb, "--pgdata", folder / "data", "--username", USER, "--pwfile", password_file,
         "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
        check=True, capture_output=True, user=owner, cwd=folder,
    )  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [program, "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-c",
             "fsync=off"],
            stdout=log, stderr=log, user=owner, cwd=folder,
        )  # fmt: skip
    try:
        _wait_until_ready(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # a fast shutdown, whoever is connected
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    import psycopg2

    for _ in range(120):
        try:
            return server.execute("select 1")
        except psycopg2.OperationalError:
            assert process.poll() is None, (server.folder / "log").read_text()
            time.sleep(0.25)
    pytest.fail("PostgreSQL did not start: " + (server.folder / "log").read_text())


@pytest.fixture(scope="session")
def java() -> None:
    """Java, without which Spark does not run."""
    if not spark_server.has_java():
        if os.environ.get("CI"):
            pytest.fail("Java is missing: .ci/run should have installed it")
        pytest.skip("Java is not installed: apt install openjdk-17-jre-headless")


def differences(one: Path, other: Path) -> list[str]:
    """What differs between the marts of two releases: money by a cent, other numbers by 1e-9."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        described = {
            name: connection.execute(
                "select table_name, list(column_name order by column_name),"
                " list(data_type order by column_name) from duckdb_columns()"
                f" where database_name = '{name}' and schema_name = 'marts'"
                " and table_name not in ('releases', 'data_checks', 'scorecard_history')"
                " group by 1 order by 1"
            ).fetchall()
            for name in ("one", "other")
        }
        if described["one"] != described["other"]:
            return [f"other tables or columns: {described}"]
        found = []
        for table, columns, types in described["one"]:
            exact = [c for c, t in zip(columns, types, strict=True) if t != "DOUBLE"]
            floats = [c for c, t in zip(columns, types, strict=True) if t == "DOUBLE"]
            # rows are paired by all that is no fraction, then by the fractions to six digits
            order = ", ".join([*exact, *(f"round({c}, 6)" for c in floats)])
            rows = {
                name: connection.execute(
                    f"select {', '.join([*exact, *floats])} from {name}.marts.{table}"
                    f" order by {order}"
                ).fetchall()
                for name in ("one", "other")
            }
            if len(rows["one"]) != len(rows["other"]):
                found.append(f"{table}: {len(rows['one'])} rows against {len(rows['other'])}")
            for left, right in zip(rows["one"], rows["other"], strict=False):
                if not all(map(_is_same, left, right)):
                    names = [*exact, *floats]
                    said = [
                        f"{name} {x!r} against {y!r}"
                        for name, x, y in zip(names, left, right, strict=True)
                        if not _is_same(x, y)
                    ]
                    found.append(f"{table}: {'; '.join(said)} in {left}")
        return found


def _is_same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= 1e-9 * max(1, abs(left))
    return left == right
