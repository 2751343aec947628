"""The command `scorecard refresh` on good and on bad input, in this process."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration import cli
from orchestration.core.settings import Settings
from orchestration.definitions import defs
from orchestration.demo.company import generate
from orchestration.demo.defects import DEFECTS
from orchestration.releases.release import Release, current_release
from orchestration.warehouse.connection import refresh_lock
from orchestration.warehouse.run_state import read_checks
from tests.site.contracts import read_contracts

TODAY = dt.date(2025, 6, 30)
REFRESH = ["refresh", "--no-reports", "--as-of", TODAY.isoformat()]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A small demo company that has published once, in Dagster's history as well."""
    settings = replace(Settings(), data_dir=tmp_path_factory.mktemp("data"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCORECARD_COMPANY", "demo")
        patch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
        patch.delenv("SCORECARD_AS_OF_DATE", raising=False)
        generate(settings.files_dir, today=TODAY, reps=10, days=150)
        assert cli.run([*REFRESH, "--record"]) == 0
        yield settings


@pytest.fixture
def files(company: Settings) -> Iterator[Path]:
    """The files of the company, put back after the test."""
    kept = company.company_dir / "kept"
    shutil.copytree(company.files_dir, kept)
    yield company.files_dir
    shutil.rmtree(company.files_dir)
    kept.rename(company.files_dir)


def published(company: Settings) -> Release:
    release = current_release(company)
    assert release is not None
    return release


def test_every_declared_check_was_evaluated_in_dagster_and_is_published(company: Settings) -> None:
    job = defs().resolve_job_def("refresh")
    declared = {key for key in job.asset_layer.asset_graph.asset_check_keys}
    with dg.DagsterInstance.from_config(str(company.dagster_home)) as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
        evaluated = [
            record.event_log_entry.get_dagster_event().asset_check_evaluation_data
            for record in instance.get_records_for_run(
                run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
            ).records
        ]
    assert {evaluation.asset_check_key for evaluation in evaluated} == declared
    assert len(evaluated) == len(declared)
    with duckdb.connect(str(published(company).database), read_only=True) as connection:
        rows = connection.execute(
            "select layer, table_name, check_name from marts.data_checks"
        ).fetchall()
    assert {(table, check) for _, table, check in rows} == {
        (key.asset_key.path[-1], key.name) for key in declared
    }
    assert {layer for layer, _, _ in rows} == {"raw", "dbt", "marts"}
    assert len(rows) == len(read_checks(company)) == len(declared)


def test_a_recorded_run_shows_rows_columns_and_where_columns_come_from(company: Settings) -> None:
    key = dg.AssetKey(["marts", "scorecard_reps"])
    with dg.DagsterInstance.from_config(str(company.dagster_home)) as instance:
        event = instance.get_latest_materialization_event(key)
    assert event is not None
    assert event.asset_materialization is not None
    metadata = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert metadata["dagster/row_count"] == published(company).row_counts["scorecard_reps"]
    assert {column.name for column in metadata["dagster/column_schema"].columns} >= {"score"}
    lineage = metadata["dagster/column_lineage"].deps_by_column
    assert {dep.asset_key.path[-1] for dep in lineage["team"]} == {"int_rep_periods"}


def test_the_release_has_the_tables_and_columns_that_are_declared(company: Settings) -> None:
    with duckdb.connect(str(published(company).database), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name, lower(data_type) from duckdb_columns()"
            " where schema_name = 'marts'"
        ).fetchall()
    assert set(rows) == {
        (table, name, column.type)
        for table, columns in read_contracts().items()
        for name, column in columns.items()
    }


def test_the_release_says_up_to_when_the_sources_were_read(company: Settings) -> None:
    marks = published(company).high_water_marks
    assert str(marks["raw_files.activities"]).startswith("2025-07-01T0")  # UTC
    assert marks["raw_files.goals"] is None


def test_nothing_changed_and_a_release_is_published_all_the_same(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = published(company)
    assert cli.run(REFRESH) == 0
    assert "; 0 new, changed or deleted" in capsys.readouterr().out
    after = published(company)
    assert after.release_id != before.release_id
    history = ("releases", "data_checks")
    assert {table: rows for table, rows in after.row_counts.items() if table not in history} == {
        table: rows for table, rows in before.row_counts.items() if table not in history
    }


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        ("empty_folder", "no files to read"),
        ("missing_column", "activities.csv"),
        ("wrong_type", "line"),
        ("duplicate_activity_id", "activity_id"),
        ("stale_data", "gx_"),
    ],
)
def test_bad_input_stops_the_refresh_and_keeps_what_is_published(
    company: Settings,
    files: Path,
    capsys: pytest.CaptureFixture[str],
    defect: str,
    message: str,
) -> None:
    before = published(company)
    DEFECTS[defect].plant(files, TODAY)
    code = cli.run(REFRESH)
    error = capsys.readouterr().err
    assert code == (2 if defect == "empty_folder" else 1), error
    assert message in error
    assert "Traceback" not in error
    assert "Unexpected error" not in error
    assert published(company) == before


def test_bad_rows_are_set_aside_on_request(
    company: Settings, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    DEFECTS["wrong_type"].plant(files, TODAY)
    assert cli.run([*REFRESH, "--quarantine"]) == 0, capsys.readouterr().err
    assert "bad rows are in quarantine" in capsys.readouterr().out


def test_a_second_refresh_is_told_that_one_runs(
    company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with refresh_lock(company, dt.datetime(2025, 7, 1, tzinfo=dt.UTC)):
        assert cli.run(REFRESH) == 1
    assert "is running already (process" in capsys.readouterr().err


def test_planted_weaknesses_stand_out_against_the_organisation(
    company: Settings, tmp_path: Path
) -> None:
    causes = generate(tmp_path, today=TODAY, reps=10, days=150).reps_by_cause
    with duckdb.connect(str(published(company).database), read_only=True) as connection:
        rows = connection.execute(
            "select rep_id, metric_id, actual / organisation_value from marts.scorecard_benchmarks"
            " where period_type = 'last_13_weeks'"
        ).fetchall()
    shares = {(rep_id, metric_id): share for rep_id, metric_id, share in rows}
    for cause, metric_id in (
        ("few_calls", "dials"),
        ("poor_connects", "connect_rate"),
        ("poor_conversion", "win_rate"),
        ("small_deals", "revenue_won"),
    ):
        (rep_id,) = causes[cause]
        assert shares[rep_id, metric_id] < 0.85, cause
