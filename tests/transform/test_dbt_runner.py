from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import ScorecardError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.transform import dbt_runner

AS_OF = dt.date(2026, 6, 29)
FILES = {
    "dbt_project.yml": """
name: small
version: "1.0.0"
profile: small
seed-paths: ["seeds/{{ env_var('SCORECARD_COMPANY') }}"]
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": """
small:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{ env_var('SCORECARD_WAREHOUSE') }}"
      threads: 1
""",
    "seeds/demo/goals.csv": "metric_id,goal\ndials,50\ndemos,0\n",
    "models/goals_today.sql": """
select metric_id, goal, cast('{{ env_var("SCORECARD_AS_OF_DATE") if execute else "" }}' as date)
    as as_of_date
from {{ ref('goals') }}
""",
    "models/after.sql": "select count(*) as goals from {{ ref('goals_today') }}",
    "models/models.yml": """
models:
  - name: goals_today
    columns:
      - name: metric_id
        data_tests: [not_null, unique]
      - name: goal
        data_tests:
          - accepted_values:
              name: goals_are_not_zero
              arguments: {values: [50]}
              config: {severity: SEVERITY}
""",
}

# two metrics of one label
SEMANTIC_LAYER = """
models:
  - name: after
    time_spine: {standard_granularity_column: day}
    columns: [{name: day, granularity: day}]
semantic_models:
  - name: goals
    model: ref('goals_today')
    defaults: {agg_time_dimension: as_of_date}
    entities: [{name: metric, type: primary, expr: metric_id}]
    dimensions: [{name: as_of_date, type: time, type_params: {time_granularity: day}}]
    measures: [{name: goals_measure, agg: sum, expr: goal}]
metrics:
  - {name: goals, label: Goals, type: simple, type_params: {measure: goals_measure}}
  - {name: more_goals, label: Goals, type: simple, type_params: {measure: goals_measure}}
"""


@pytest.fixture
def small(settings: Settings, tmp_path: Path) -> Settings:
    """A dbt project of one seed and two models, in which one test fails as a warning."""
    return write_project(settings, tmp_path, "warn")


def write_project(settings: Settings, tmp_path: Path, severity: str) -> Settings:
    project = tmp_path / "dbt_project"
    for name, text in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("SEVERITY", severity).lstrip(), encoding="utf-8")
    return replace(settings, dbt_project_dir=project)


def test_a_build_gives_tables_events_and_checks(small: Settings) -> None:
    before = dict(os.environ)
    lines: list[str] = []
    run = dbt_runner.build(small, dbt_runner.parse(small), AS_OF, on_result=lines.append)

    run.raise_for_errors()
    assert dict(os.environ) == before
    assert len(lines) == len(run.events) == 6
    with duckdb.connect(str(small.warehouse_path)) as connection:  # dbt has let go of the file
        rows = connection.execute("select * from goals_today order by 1").fetchall()
        assert rows == [("demos", 0, AS_OF), ("dials", 50, AS_OF)]
    checks = {check.check_name: check for check in run.checks}
    assert len(checks) == 3
    failed = checks["goals_are_not_zero"]
    assert (failed.passed, failed.severity, failed.failed_rows) == (False, "warn", 1)
    assert failed.observed_value == "1 row, the first: value_field 0, n_records 1"
    assert (failed.table_name, failed.column_name, failed.layer) == ("goals_today", "goal", "dbt")
    assert checks["unique_goals_today_metric_id"].passed
    assert not failed.stops_the_run


@pytest.mark.parametrize("end", ["\r\n", "\r\n\r\n", "\n\n"])
def test_a_seed_with_mixed_line_ends_is_read(small: Settings, end: str) -> None:
    """As `scorecard check` reads it: a quoted line end belongs to its cell."""
    name = "macros/engine/load_csv_rows.sql"
    macro = small.dbt_project_dir / name
    macro.parent.mkdir(parents=True)
    macro.write_text((REPOSITORY / "dbt_project" / name).read_text(encoding="utf-8"))
    goals = f'metric_id,goal\ndials,50{end}demos,50\n"two\nlines",50{end}'
    (small.dbt_project_dir / "seeds/demo/goals.csv").write_bytes(goals.encode())

    dbt_runner.build(small, dbt_runner.parse(small), AS_OF).raise_for_errors()

    with duckdb.connect(str(small.warehouse_path)) as connection:
        rows = connection.execute("select metric_id, goal from goals order by all").fetchall()
    assert rows == [("demos", 50), ("dials", 50), ("two\nlines", 50)]


def test_another_day_needs_no_other_parse(small: Settings) -> None:
    project = dbt_runner.parse(small)
    dbt_runner.build(small, project, AS_OF)
    dbt_runner.build(small, project, AS_OF + dt.timedelta(days=1)).raise_for_errors()
    with duckdb.connect(str(small.warehouse_path)) as connection:
        days = connection.execute("select distinct as_of_date from goals_today").fetchall()
    assert days == [(dt.date(2026, 6, 30),)]


def test_a_failing_test_stops_what_comes_after_it(settings: Settings, tmp_path: Path) -> None:
    small = write_project(settings, tmp_path, "error")
    run = dbt_runner.build(small, dbt_runner.parse(small), AS_OF)
    with pytest.raises(
        ScorecardError, match=r"goals_are_not_zero: 1 row, the first: value_field 0"
    ):
        run.raise_for_errors()
    assert [check.check_name for check in run.checks if check.stops_the_run] == [
        "goals_are_not_zero"
    ]
    with duckdb.connect(str(small.warehouse_path)) as connection:
        tables = connection.execute("select table_name from information_schema.tables").fetchall()
    assert ("after",) not in tables


def test_a_broken_model_is_named_with_its_file(small: Settings) -> None:
    path = small.dbt_project_dir / "models" / "after.sql"
    path.write_text("select missing_column from {{ ref('goals_today') }}\n", encoding="utf-8")
    run = dbt_runner.build(small, dbt_runner.parse(small), AS_OF)
    with pytest.raises(ScorecardError, match=r"model after \(models/after\.sql\).*missing_column"):
        run.raise_for_errors()


def test_a_project_that_cannot_be_parsed_is_an_error(small: Settings) -> None:
    path = small.dbt_project_dir / "models" / "after.sql"
    path.write_text("select * from {{ ref('nowhere') }}\n", encoding="utf-8")
    with pytest.raises(ScorecardError, match=r"dbt cannot parse the project[^$]*nowhere"):
        dbt_runner.parse(small)


def test_a_wrong_metric_of_the_semantic_layer_is_named(small: Settings) -> None:
    path = small.dbt_project_dir / "models" / "semantic.yml"
    path.write_text(SEMANTIC_LAYER, encoding="utf-8")
    with pytest.raises(ScorecardError) as failed:
        dbt_runner.parse(small)
    assert "label `Goals` for metric `more_goals`" in str(failed.value)


def test_the_seeds_are_left_as_they_are(small: Settings) -> None:
    dbt_runner.build(small, dbt_runner.parse(small), AS_OF)
    goals = small.seeds_dir / "goals.csv"
    assert goals.read_text(encoding="utf-8") == FILES["seeds/demo/goals.csv"]
    assert not (small.dbt_project_dir / "target").exists()
    assert not (small.dbt_project_dir / "logs").exists()
