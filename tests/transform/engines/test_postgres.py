"""PostgreSQL computes what DuckDB computes, row for row, and its errors are words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.defs.transformation import parsed_project
from orchestration.transform import engines
from orchestration.transform.engines import postgres as engines_postgres
from tests.end_to_end.test_real_data import MAVEN, needs
from tests.processes import run
from tests.transform.engines.company import (
    DEMOS_HELD,
    SOURCES,
    Company,
    checks,
    demos_held,
    serving,
)
from tests.transform.engines.conftest import Server, differences

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def company(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A small company of three sources, and an empty database for it."""
    postgres.execute("create database demo template template0 lc_collate 'C' lc_ctype 'C.UTF-8'")
    settings = replace(Settings(), data_dir=tmp_path_factory.mktemp("data"), sources=SOURCES)
    with serving(settings, days=200) as started, pytest.MonkeyPatch.context() as patch:
        for name, value in postgres.variables("demo").items():
            patch.setenv(name, value)
        yield started


@dataclass(frozen=True)
class Built:
    """What PostgreSQL published of a part of the records, and then of all."""

    before: Path
    release: Path


@pytest.fixture(scope="module")
def built(company: Company) -> Built:
    """A first build, and one that goes on from it with the records that were missing."""
    whole = company.hold_back()
    before = company.refresh("postgres")
    company.activities.write_text(whole)
    return Built(before, company.refresh("postgres"))


@pytest.fixture(scope="module")
def on_duckdb(company: Company, built: Built) -> Path:
    """What DuckDB published of the same from scratch."""
    return company.refresh("duckdb")


def test_what_changed_gives_what_a_full_build_of_duckdb_gives(
    built: Built, on_duckdb: Path
) -> None:
    assert differences(on_duckdb, built.release) == []
    assert checks(on_duckdb) == checks(built.release)
    assert differences(built.before, built.release) != []


def test_people_of_each_source_are_on_scorecards(built: Built) -> None:
    assert demos_held(built.release) == DEMOS_HELD


def test_models_and_seeds_were_built_in_the_database(postgres: Server, built: Built) -> None:
    with duckdb.connect(str(built.release), read_only=True) as connection:
        rows = connection.execute("select count(*) from marts.scorecard_rep_metrics").fetchall()
    assert rows[0][0] > 1000
    # raises unless the tables are there and as large as what was published
    for table, least in (("marts.scorecard_rep_metrics", rows[0][0]), ("config.goals", 5)):
        postgres.execute(
            f"do $$ begin assert (select count(*) from {table}) >= {least}; end $$", "demo"
        )


def test_the_password_is_nowhere(postgres: Server, company: Company, on_duckdb: Path) -> None:
    files = [path for path in company.settings.data_dir.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert [p for p in files if postgres.password.encode() in p.read_bytes()] == []


def test_nothing_is_copied_twice(company: Company, on_duckdb: Path) -> None:
    settings = replace(company.settings, target="postgres")
    engines.load_raw(settings, parsed_project(settings))  # that no month counts as changed any more
    assert engines.load_raw(settings, parsed_project(settings)) == {}


def test_only_changed_months_are_copied(company: Company, on_duckdb: Path) -> None:
    settings = replace(company.settings, target="postgres")
    engines.load_raw(settings, parsed_project(settings))
    warehouse = duckdb.connect(str(settings.warehouse_path))
    count = "select count(*) from raw_files.activities"
    rows = warehouse.execute(f"{count} where occurred_at like '2025-04%'").fetchall()[0][0]
    assert 0 < rows < warehouse.execute(count).fetchall()[0][0]
    warehouse.execute(
        "update raw_files.activities set outcome = 'changed' where activity_id ="
        " (select min(activity_id) from raw_files.activities where occurred_at like '2025-04%')"
    )
    warehouse.close()
    copied = engines.load_raw(settings, parsed_project(settings))
    assert copied[("raw_files", "activities")] == rows
    assert set(copied) == {("raw_files", "activities")}


@needs(MAVEN)
def test_a_real_export_gives_what_duckdb_gives(postgres: Server, tmp_path: Path) -> None:
    postgres.execute("create database maven template template0 lc_collate 'C' lc_ctype 'C.UTF-8'")
    leave_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project", "docs/examples"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=leave_out)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)

    def scorecard(target: str, *arguments: str) -> None:
        settings = {"SCORECARD_TARGET": target, "SCORECARD_COMPANY": "maven"}
        code, output = run(tmp_path, {**settings, **postgres.variables("maven")}, *arguments)
        assert code == 0, output

    scorecard("duckdb", "init", "maven", "--from", "docs/examples/maven")
    data = tmp_path / "data" / "maven"
    for path in MAVEN.glob("*.csv"):
        shutil.copyfile(path, data / "files" / "exports" / path.name)
    found = []
    for target in ("duckdb", "postgres"):
        scorecard(target, "refresh", "--as-of", "2017-12-31", "--no-reports")
        found.append((data / "published" / "current").resolve() / "scorecard.duckdb")
    assert differences(*found) == []


@pytest.fixture
def variables(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in postgres.variables("postgres").items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def on_postgres() -> Settings:
    return replace(Settings(), target="postgres")


def test_a_database_that_sorts_by_language_is_refused(
    postgres: Server, variables: pytest.MonkeyPatch, on_postgres: Settings
) -> None:
    # no lower case for letters beyond ASCII
    postgres.execute("create database plain template template0 lc_collate 'C' lc_ctype 'C'")
    variables.setenv("PGDATABASE", "plain")
    with (
        pytest.raises(ConfigError, match=r"(?s)create database plain .* lc_collate 'C'"),
        engines.open_engine(on_postgres),
    ):
        pass


def test_a_wrong_password_is_said_without_it(
    variables: pytest.MonkeyPatch, on_postgres: Settings
) -> None:
    variables.setenv("PGPASSWORD", "wrong-canary")
    with (
        pytest.raises(ScorecardError, match=r"password authentication failed") as caught,
        engines.open_engine(on_postgres),
    ):
        pass
    assert "canary" not in str(caught.value)


def test_a_server_that_is_away_is_said(
    variables: pytest.MonkeyPatch, on_postgres: Settings, tmp_path: Path
) -> None:
    variables.setenv("PGHOST", str(tmp_path))
    with (
        pytest.raises(ScorecardError, match=r"Check that the server runs"),
        engines.open_engine(on_postgres),
    ):
        pass


def test_an_address_that_is_not_said_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, on_postgres: Settings
) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    monkeypatch.setenv("PGDATABASE", "demo")
    monkeypatch.setenv("PGUSER", "scorecard")
    with pytest.raises(ConfigError, match=r"PGHOST is not set"):
        engines.address(on_postgres)


def use(settings: Settings) -> None:
    """Connect, as a check and a refresh do before anything else."""
    with engines.open_engine(settings):
        pass


@pytest.fixture
def builder(postgres: Server, variables: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of another's, as a user who may do nothing there yet; its name."""
    postgres.execute("create role builder login password 'bu1lder-canary'")
    postgres.execute("create database shared template template0 lc_collate 'C' lc_ctype 'C.UTF-8'")
    for name, value in {"PGDATABASE": "shared", "PGUSER": "builder"}.items():
        variables.setenv(name, value)
    variables.setenv("PGPASSWORD", "bu1lder-canary")
    yield "shared"
    postgres.execute("drop database shared")
    postgres.execute("drop role builder")


def test_a_right_that_is_missing_is_said(
    postgres: Server, builder: str, on_postgres: Settings
) -> None:
    with pytest.raises(
        ConfigError, match=r'may not create schemas.*\ngrant create on database "shared" to "bui'
    ):
        use(on_postgres)
    postgres.execute(f"grant create on database {builder} to builder")
    use(on_postgres)
    postgres.execute("create schema marts; create schema other", builder)
    with pytest.raises(ConfigError, match=r"builder cannot replace .* \(marts of scorecard\)"):
        use(on_postgres)


def test_a_database_that_is_missing_is_said_with_what_creates_it(
    variables: pytest.MonkeyPatch, on_postgres: Settings
) -> None:
    variables.setenv("PGDATABASE", "nowhere")
    with pytest.raises(ConfigError, match=r"(?s)no such database.*create database nowhere temp"):
        use(on_postgres)


def test_a_server_that_is_too_old_is_refused(
    variables: pytest.MonkeyPatch, on_postgres: Settings
) -> None:
    variables.setattr(engines_postgres, "OLDEST", 99)
    with pytest.raises(ConfigError, match=r"PostgreSQL \d+.* is too old. Use 99 or newer"):
        use(on_postgres)
