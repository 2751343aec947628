"""A standalone cluster of Spark shares the work, and one worker that dies changes no number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from orchestration import dbt_runner, engines
from orchestration.connectors.files import load_files
from orchestration.defs.transformation import parsed_project
from orchestration.demo.company import generate
from orchestration.history import load_history
from orchestration.reference import write_reference
from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.engines import spark_server

TODAY = dt.date(2025, 6, 30)
COUNTED = "int_activities__counted_daily"
# the incremental model and the facts of all events: joins, groups and windows over every record.
# All other marts are small beside these, and are compared on one process
SELECTION = ["--select", "+fct_leading_metrics_daily", "+fct_lagging_metrics_daily",
             "--indirect-selection", "cautious"]  # fmt: skip
COMPARED = {
    ("intermediate", COUNTED): ["rep_id", "date_day", "activity_type", "activity_count"],
    ("marts", "fct_leading_metrics_daily"): ["rep_id", "metric_id", "date_day", "value"],
    ("marts", "fct_lagging_metrics_daily"): ["rep_id", "metric_id", "date_day", "value"],
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def cluster(
    java: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[spark_server.Spark]:
    """A master, two workers of one core each, and a Thrift server."""
    with spark_server.cluster(tmp_path / "spark") as started:
        for name, value in started.variables().items():
            monkeypatch.setenv(name, value)
        yield started


def test_two_workers_share_the_work_and_one_may_die(
    cluster: spark_server.Spark, tmp_path: Path
) -> None:
    settings = replace(Settings(), data_dir=tmp_path / "data")
    generate(settings.files_dir, today=TODAY, reps=8, days=120)
    load_files(settings, now=dt.datetime.now(dt.UTC))
    write_reference(settings, TODAY)
    load_history(settings, TODAY, [])
    dbt_runner.build(
        settings, parsed_project(settings), TODAY, selection=SELECTION
    ).raise_for_errors()

    on_spark = replace(settings, target="spark")
    project = parsed_project(on_spark)
    engines.load_raw(on_spark, project)
    seen = {}

    def lose_a_worker(message: str) -> None:
        """Once the largest model is there; a dozen others are still to come."""
        if COUNTED in message and not seen:
            seen["cores"] = [one["coresused"] for one in cluster.workers()]
            seen["tasks"] = cluster.tasks()
            cluster.kill("worker1")

    run = dbt_runner.build(on_spark, project, TODAY, selection=SELECTION, on_result=lose_a_worker)
    run.raise_for_errors()

    assert seen["cores"] == [1, 1]
    assert len(seen["tasks"]) == 2
    assert min(seen["tasks"].values()) > 10
    assert sorted(one["state"] for one in cluster.workers()) == ["ALIVE", "DEAD"]
    more = {name: count - seen["tasks"].get(name, 0) for name, count in cluster.tasks().items()}
    assert max(more.values()) > 10
    assert min(more.values()) < 10

    with engines.open_engine(on_spark) as engine, connect(settings, read_only=True) as warehouse:
        for relation, columns in COMPARED.items():
            with engine.read(relation, columns) as read:
                found = rows_of(read.read_all(), columns)
            query = f"select {', '.join(columns)} from {'.'.join(relation)}"
            expected = rows_of(warehouse.sql(query).to_arrow_table(), columns)
            assert len(expected) > 100
            assert found == expected


def rows_of(table: pa.Table, columns: list[str]) -> list[tuple[object, ...]]:
    """The rows in one order, numbers to nine digits."""
    with duckdb.connect() as connection:
        connection.register("held", table)
        names = ", ".join([*columns[:-1], f"round({columns[-1]}, 9)"])
        return connection.execute(f"select {names} from held order by all").fetchall()
