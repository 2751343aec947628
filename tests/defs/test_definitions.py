from __future__ import annotations

import ast
import datetime as dt
import importlib
import pkgutil
from pathlib import Path

import dagster as dg
import pytest

from orchestration import defs as defs_package
from orchestration.core.errors import RefreshRunning
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.definitions import defs
from orchestration.defs.resources import COMPANY_TAG, RefreshResource, end_dead_runs
from orchestration.quality.runner import expectation_names
from orchestration.sources.canonical import TABLES
from orchestration.warehouse.connection import refresh_lock

MODULES = [module.name for module in pkgutil.iter_modules(defs_package.__path__)]


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The definitions of the demo company with a data folder of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCORECARD_COMPANY", "demo")
        patch.setenv("SCORECARD_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        return defs()


@pytest.fixture
def company(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SCORECARD_COMPANY", "demo")
    monkeypatch.setenv("SCORECARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.delenv("SCORECARD_AS_OF_DATE", raising=False)
    return settings


def graph(definitions: dg.Definitions) -> dg.AssetGraph:
    return definitions.resolve_asset_graph()


def test_every_asset_is_made_by_the_graph(definitions: dg.Definitions) -> None:
    assets = graph(definitions)
    made_elsewhere = set(assets.get_all_asset_keys()) - set(assets.materializable_asset_keys)
    assert made_elsewhere == set()


def test_the_graph_goes_from_the_policy_to_the_site(definitions: dg.Definitions) -> None:
    assets = graph(definitions)
    above = {dg.AssetKey(["reports", "site"])}
    while more := {parent for key in above for parent in assets.get(key).parent_keys} - above:
        above |= more
    keys = {key.to_user_string() for key in above}
    assert {"config/policy", "config/goals", "raw_reference/holidays"} <= keys
    assert {"raw_files/reps", "raw_files/activities", "raw_files/opportunities"} <= keys
    assert {"marts/scorecard_reps", "published/release"} <= keys


def test_every_canonical_table_is_an_asset(definitions: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in graph(definitions).get_all_asset_keys()}
    assert {f"raw_files/{table.name}" for table in TABLES} <= keys


def test_every_mart_is_published(definitions: dg.Definitions) -> None:
    assets = graph(definitions)
    marts = {path.stem for path in (REPOSITORY / "dbt_project/models/marts").rglob("*.sql")}
    published = assets.get(dg.AssetKey(["published", "release"])).parent_keys
    assert {key.path[-1] for key in published} == marts


def test_every_asset_has_a_group_an_owner_and_a_description(definitions: dg.Definitions) -> None:
    assets = graph(definitions)
    lacking = {
        key.to_user_string()
        for key in assets.get_all_asset_keys()
        if assets.get(key).group_name in (None, "default")
        or not assets.get(key).owners
        or not assets.get(key).description
    }
    assert lacking == set()


def test_every_expectation_is_a_check_and_errors_block(definitions: dg.Definitions) -> None:
    checks = {
        (key.asset_key.path[-1], key.name): graph(definitions).get(key).blocking
        for key in graph(definitions).asset_check_keys
    }
    for suite in ("raw", "marts"):
        for spec in expectation_names(suite):  # type: ignore[arg-type]
            assert checks[spec.table_name, spec.check_name] == spec.blocking


def test_every_data_test_of_dbt_is_a_check(definitions: dg.Definitions) -> None:
    metadata = graph(definitions).get(dg.AssetKey(["marts", "scorecard_reps"])).metadata
    manifest = metadata["dagster_dbt/manifest"].manifest
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    assert tests
    assert tests - {key.name for key in graph(definitions).asset_check_keys} == set()


def test_the_schedule_runs_at_two_in_the_morning_up_to_the_day_before(
    definitions: dg.Definitions,
) -> None:
    schedule = definitions.resolve_schedule_def("nightly")
    assert schedule.cron_schedule == "0 2 * * *"
    assert schedule.execution_timezone == "America/Los_Angeles"
    two_in_the_morning = dt.datetime(2026, 7, 1, 9, 0, tzinfo=dt.UTC)
    context = dg.build_schedule_context(scheduled_execution_time=two_in_the_morning)
    data = schedule.evaluate_tick(context)
    (request,) = data.run_requests or []
    assert request.run_config["resources"]["refresh"]["config"]["as_of"] == "2026-06-30"


def test_runs_are_executed_in_one_process(definitions: dg.Definitions) -> None:
    assert definitions.resolve_job_def("refresh").executor_def == dg.in_process_executor


def test_the_lock_is_held_during_a_run(company: Settings) -> None:
    now = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
    with RefreshResource(as_of="2025-06-29").yield_for_execution(
        dg.build_init_resource_context()
    ) as refresh:
        assert refresh.as_of == dt.date(2025, 6, 29)
        assert refresh.settings == company
        with pytest.raises(RefreshRunning):
            with refresh_lock(company, now):
                pass
    with refresh_lock(company, now):
        pass


def test_a_run_that_was_killed_does_not_go_on_for_ever(company: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        runs = {
            name: instance.add_run(
                dg.DagsterRun(
                    job_name="refresh",
                    status=dg.DagsterRunStatus.STARTED,
                    tags={COMPANY_TAG: name},
                )
            )
            for name in ("demo", "other")
        }
        end_dead_runs(instance, company, living_run_id="mine")
        ended = instance.get_run_by_id(runs["demo"].run_id)
        other = instance.get_run_by_id(runs["other"].run_id)
    assert ended is not None
    assert other is not None
    assert ended.status == dg.DagsterRunStatus.FAILURE
    assert other.status == dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_one_definitions_function_and_nothing_else_that_defines(name: str) -> None:
    """Dagster drops what else such a module defines, without a word."""
    module = importlib.import_module(f"orchestration.defs.{name}")
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    decorated = [
        ast.unparse(decorator).split("(")[0]
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
    ]
    definers = [text for text in decorated if text.startswith(("dg.", "dbt_assets"))]
    assert definers == ["dg.definitions"]
