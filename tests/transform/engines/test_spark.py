"""Spark computes what DuckDB computes, row for row, and its errors are words."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.defs.transformation import _recipe, parsed_project
from orchestration.releases.history import load_history
from orchestration.sources.files.load import load_files
from orchestration.sources.hubspot import source as hubspot_source
from orchestration.sources.reference import write_reference
from orchestration.sources.salesforce import source as salesforce_source
from orchestration.transform import dbt_runner, engines
from orchestration.transform.engines import spark
from orchestration.warehouse.connection import connect
from orchestration.warehouse.run_state import write_recipe
from tests.end_to_end.test_real_data import MAVEN, needs
from tests.transform.engines import spark_server
from tests.transform.engines.company import (
    DEMOS_HELD,
    SOURCES,
    TODAY,
    Company,
    checks,
    demos_held,
    serving,
)
from tests.transform.engines.conftest import differences

COUNTED = "int_activities__counted_daily"
PASSWORD = "canary-of-spark"

# Spark plans for minutes what three sources are made of
IS_LONG = bool(os.environ.get("SCORECARD_TEST_SPARK_LONG"))
only_long = pytest.mark.skipif(
    not IS_LONG,
    reason="Spark plans three sources, and Maven's deals, for minutes; PostgreSQL compares both"
    " in each run. To run it set SCORECARD_TEST_SPARK_LONG=1",
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def server(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[spark_server.Spark]:
    """A cluster of two workers with one core each; later one process with two cores."""
    with (
        spark_server.cluster(tmp_path_factory.mktemp("spark")) as started,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in started.variables().items():
            patch.setenv(name, value)
        patch.setenv("SCORECARD_SPARK_PASSWORD", PASSWORD)
        yield started


@pytest.fixture(scope="module")
def company(
    server: spark_server.Spark, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """A small company; of three sources in a long run."""
    settings = replace(
        Settings(),
        data_dir=tmp_path_factory.mktemp("data"),
        sources=SOURCES if IS_LONG else ("files",),
        target="spark",
    )
    with serving(settings, days=120) as started:
        yield started


def months(server: spark_server.Spark) -> dict[str, set[str]]:
    """The files of each month of the incremental model."""
    table = server.folder / "tables" / "intermediate" / COUNTED
    return {
        folder.name.removeprefix("month_start_date="): {path.name for path in folder.iterdir()}
        for folder in table.glob("month_start_date=*")
    }


@dataclass(frozen=True)
class Earlier:
    """What was seen of the day before: months of the incremental model, and tasks by executor."""

    months: Mapping[str, set[str]]
    cores: list[int]
    before: Mapping[str, int]
    after: Mapping[str, int]
    workers: list[str]


@pytest.fixture(scope="module")
def earlier(server: spark_server.Spark, company: Company) -> Earlier:
    """The day before, on a cluster that loses a worker; then all of Spark stops.

    Of that day only the incremental model is built, which is all that the next day goes on from.
    """
    settings, day = company.settings, TODAY - dt.timedelta(days=1)
    whole = company.hold_back(day)
    now = dt.datetime.now(dt.UTC)
    load_files(settings, now=now)
    if IS_LONG:
        salesforce_source.load(settings, full=False, now=now)
        hubspot_source.load(settings, full=False, now=now)
    write_reference(settings, day)
    load_history(settings, day, [])
    project = parsed_project(settings)
    engines.load_raw(settings, project)
    seen: dict[str, Any] = {}

    def lose_a_worker(message: str) -> None:
        """When the work on the incremental model begins."""
        if "int_rep_offsets" in message and not seen:
            seen["cores"] = [one["coresused"] for one in server.workers()]
            seen["before"] = server.tasks()
            server.kill("worker1")

    only_it = ["--select", f"+{COUNTED}", "--indirect-selection", "cautious"]
    run = dbt_runner.build(settings, project, day, selection=only_it, on_result=lose_a_worker)
    run.raise_for_errors()
    with connect(settings) as connection:
        connection.execute("delete from raw_files._changed_months")
    write_recipe(settings, _recipe(settings))
    found = Earlier(
        months=months(server),
        after=server.tasks(),
        workers=sorted(one["state"] for one in server.workers()),
        **seen,
    )

    company.activities.write_text(whole)
    server.stop()
    # as if the server had stopped while it made a table
    unfinished = server.folder / "tables" / "intermediate" / "int_dates" / "_temporary"
    unfinished.mkdir(parents=True)
    server.start_local()
    return found


@pytest.fixture(scope="module")
def published(company: Company, earlier: Earlier) -> tuple[Path, Path]:
    """What DuckDB published from scratch, and Spark going on from the day before."""
    on_spark = company.refresh("spark")
    return company.refresh("duckdb"), on_spark


def test_two_workers_shared_the_work_and_one_died(earlier: Earlier) -> None:
    assert earlier.cores == [1, 1]
    assert len(earlier.before) == 2
    assert min(earlier.before.values()) > 10
    assert earlier.workers == ["ALIVE", "DEAD"]
    more = {name: count - earlier.before.get(name, 0) for name, count in earlier.after.items()}
    assert max(more.values()) > 10
    assert min(more.values()) < 10


def test_the_next_day_equals_a_full_build_of_duckdb(published: tuple[Path, Path]) -> None:
    on_duckdb, on_spark = published
    assert differences(on_duckdb, on_spark) == []
    assert checks(on_spark) == checks(on_duckdb)
    with duckdb.connect(str(on_spark), read_only=True) as connection:
        rows = connection.execute("select count(*) from marts.scorecard_rep_metrics").fetchall()
    assert rows[0][0] > 1000


@only_long
def test_people_of_each_source_are_on_scorecards(published: tuple[Path, Path]) -> None:
    assert demos_held(published[1]) == DEMOS_HELD


def test_only_months_that_changed_were_built_anew(
    server: spark_server.Spark, earlier: Earlier, published: tuple[Path, Path]
) -> None:
    now = months(server)
    assert set(now) == set(earlier.months)
    anew = {month for month in now if now[month] != earlier.months[month]}
    assert anew == {"2025-03-01", "2025-06-01"}
    assert len(now) > len(anew)


def test_no_step_of_a_model_is_left(
    server: spark_server.Spark, company: Company, published: tuple[Path, Path]
) -> None:
    models = {node["name"] for node in parsed_project(company.settings).content["nodes"].values()}
    tables = server.folder / "tables"
    built = {path.name for layer in spark.LAYERS for path in (tables / layer).iterdir()}
    assert len(built) > 60
    assert built - models == set()


def test_the_password_is_nowhere(
    server: spark_server.Spark, company: Company, published: tuple[Path, Path]
) -> None:
    folders = (company.settings.data_dir, server.folder)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


def test_nothing_is_copied_twice(company: Company, published: tuple[Path, Path]) -> None:
    project = parsed_project(company.settings)
    engines.load_raw(company.settings, project)  # that no month counts as changed any more
    assert engines.load_raw(company.settings, project) == {}


def test_only_changed_months_are_copied(company: Company, published: tuple[Path, Path]) -> None:
    warehouse = duckdb.connect(str(company.settings.warehouse_path))
    count = "select count(*) from raw_files.activities"
    rows = warehouse.execute(f"{count} where occurred_at like '2025-04%'").fetchall()[0][0]
    assert 0 < rows < warehouse.execute(count).fetchall()[0][0]
    warehouse.execute(
        "update raw_files.activities set outcome = 'it''s \\ changed' where activity_id ="
        " (select min(activity_id) from raw_files.activities where occurred_at like '2025-04%')"
    )
    warehouse.close()
    copied = engines.load_raw(company.settings, parsed_project(company.settings))
    assert copied == {("raw_files", "activities"): rows}
    with (
        engines.open_engine(company.settings) as engine,
        engine.read(("raw_files", "activities"), ["outcome", "occurred_at"]) as read,
    ):
        table = read.read_all()
    assert table["outcome"].to_pylist().count("it's \\ changed") == 1
    assert sum(moment.startswith("2025-04") for moment in table["occurred_at"].to_pylist()) == rows


def test_a_row_that_breaks_a_contract_stops_the_build(
    company: Company, published: tuple[Path, Path], tmp_path: Path
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(
        REPOSITORY / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs")
    )
    contract = project / "models/marts/dimensions/dim_reps.yml"
    declared = "constraints: [{type: not_null}"
    check = "{type: check, expression: \"rep_version_id like 'x%'\"}"
    text = contract.read_text()
    assert declared in text
    contract.write_text(text.replace(declared, f"{declared}, {check}", 1))
    settings = replace(company.settings, dbt_project_dir=project, data_dir=tmp_path / "data")
    run = dbt_runner.build(
        settings, dbt_runner.parse(settings), TODAY, selection=["--select", "dim_reps"]
    )
    assert any("rows do not keep to: rep_version_id like" in error for error in run.errors)


@needs(MAVEN)
@only_long
def test_a_real_export_gives_what_duckdb_gives(
    java: None, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    leave_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project", "docs/examples"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=leave_out)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)

    def scorecard(variables: Mapping[str, str], *arguments: str) -> None:
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("SCORECARD_")}
        subprocess.run(
            [sys.executable, "-m", "orchestration.cli", *arguments],
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": str(tmp_path), "SCORECARD_COMPANY": "maven",
                 **variables},
            check=True,
        )  # fmt: skip

    scorecard({}, "init", "maven", "--from", "docs/examples/maven")
    data = tmp_path / "data" / "maven"
    for path in MAVEN.glob("*.csv"):
        shutil.copyfile(path, data / "files" / "exports" / path.name)
    found = []
    # another company, so another catalogue
    with spark_server.local(tmp_path_factory.mktemp("maven")) as other:
        for variables in ({}, {"SCORECARD_TARGET": "spark", **other.variables()}):
            scorecard(variables, "refresh", "--as-of", "2017-12-31", "--no-reports")
            found.append((data / "published" / "current").resolve() / "scorecard.duckdb")
    assert differences(*found) == []


@pytest.fixture
def on_spark(server: spark_server.Spark) -> Settings:
    return replace(Settings(), target="spark")


def test_a_folder_that_spark_does_not_see_is_said(on_spark: Settings, tmp_path: Path) -> None:
    with engines.open_engine(on_spark) as engine:
        assert isinstance(engine, spark.Spark)
        engine.folder = str(tmp_path)
        with pytest.raises(ConfigError, match=r"Spark cannot read what this machine writes"):
            engine.require_shared_folder()


def test_a_catalogue_of_another_company_is_refused(
    company: Company,
    earlier: Earlier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCORECARD_SPARK_FOLDER", str(tmp_path))
    with (
        engines.open_engine(company.settings) as engine,
        pytest.raises(ConfigError, match=r"has a schema '\w+' already, in file:"),
    ):
        engine.copied()


def test_a_server_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCORECARD_SPARK_HOST", "127.0.0.1")
    monkeypatch.setenv("SCORECARD_SPARK_PORT", "1")
    monkeypatch.setenv("SCORECARD_SPARK_FOLDER", str(tmp_path))
    with (
        pytest.raises(ScorecardError, match=r"Check that the Thrift server runs"),
        engines.open_engine(replace(Settings(), target="spark")),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SCORECARD_SPARK_HOST", "", "SCORECARD_SPARK_HOST is not set"),
        ("SCORECARD_SPARK_PORT", "ten", "'ten' is not a number"),
        ("SCORECARD_SPARK_FOLDER", "tables", "neither an absolute path nor an address"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv("SCORECARD_SPARK_HOST", "127.0.0.1")
    monkeypatch.setenv("SCORECARD_SPARK_PORT", "10000")
    monkeypatch.setenv("SCORECARD_SPARK_FOLDER", "/tables")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=said):
        engines.address(replace(Settings(), target="spark"))
