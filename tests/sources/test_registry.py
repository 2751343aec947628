"""A source is one name in the settings and one package; everything else finds it there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration.core import environment
from orchestration.core.environment import SOURCES
from orchestration.core.errors import ConfigError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.defs.ingestion import ingestion
from orchestration.sources.registry import Source, enabled_sources, poll_sources
from orchestration.transform import dbt_runner

PIPEDRIVE = Source(
    name="pipedrive",
    schema="raw_pipedrive",
    tables={"deal": ("add_time",), "person": ()},
    load=lambda settings, **_: [],
    poll=lambda settings, seen: "unchanged",
    check=lambda settings: ("Pipedrive: 2 tables can be read.", []),
    oldest_day="select null",
    time_zones="select null, null",
    rep_identity="select null",
)


@pytest.fixture
def third_source(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a source that the project does not have."""
    monkeypatch.setattr(environment, "SOURCES", (*SOURCES, "pipedrive"))
    package = "orchestration.sources.pipedrive"
    monkeypatch.setitem(sys.modules, package, SimpleNamespace(__path__=[]))
    monkeypatch.setitem(sys.modules, f"{package}.source", SimpleNamespace(SOURCE=PIPEDRIVE))
    monkeypatch.setenv("SCORECARD_SOURCES", "pipedrive,files")
    return Settings.from_environment()


def test_every_named_source_has_a_package() -> None:
    found = enabled_sources(Settings(sources=SOURCES))
    assert [source.name for source in found] == list(SOURCES)
    assert [source.schema for source in found] == [f"raw_{name}" for name in SOURCES]


def test_files_are_read_beside_every_source() -> None:
    found = enabled_sources(Settings(sources=("hubspot",)))
    assert [source.name for source in found] == ["files", "hubspot"]


def test_a_third_source_is_loaded_polled_and_an_asset(third_source: Settings) -> None:
    assert third_source.sources == ("files", "pipedrive")
    assert poll_sources(third_source)["pipedrive"] == "unchanged"
    [load_raw] = ingestion().assets or []
    assert isinstance(load_raw, dg.AssetsDefinition)
    assert {
        dg.AssetKey(["raw_pipedrive", "deal"]),
        dg.AssetKey(["raw_pipedrive", "person"]),
    } <= load_raw.keys


def copied_dbt_folders(project: Path, source: str, name: str) -> set[str]:
    """Write a source's dbt folders once more under another name; the names of the models."""
    models = set()
    for layer in ("staging", "intermediate"):
        folder = project / "models" / layer / name
        folder.mkdir()
        for path in (project / "models" / layer / source).iterdir():
            text = path.read_text(encoding="utf-8").replace(source, name)
            (folder / path.name.replace(source, name)).write_text(text, encoding="utf-8")
        models |= {path.stem for path in folder.glob("*.sql")}
    return models


@pytest.mark.slow
def test_a_third_source_is_models_by_its_folders_alone(
    third_source: Settings, tmp_path: Path
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(
        third_source.dbt_project_dir, project, ignore=shutil.ignore_patterns("target", "logs")
    )
    models = copied_dbt_folders(project, "hubspot", "pipedrive")
    settings = replace(third_source, dbt_project_dir=project, data_dir=tmp_path / "data")
    nodes = dbt_runner.parse(settings).content["nodes"]

    names = {node["name"] for node in nodes.values() if node["resource_type"] == "model"}
    assert models < names
    assert not [name for name in names if "hubspot" in name or "salesforce" in name]
    users = nodes["model.sales_scorecard.int_crm_users__unioned"]["depends_on"]["nodes"]
    assert users == ["model.sales_scorecard.int_pipedrive__users"]


def test_code_outside_a_source_knows_it_from_the_list_of_sources_alone() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "orchestration", "dbt_project", "reports", "*.toml"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for source in set(SOURCES) - {"files"}:
        assert [
            name
            for name in listed
            if source not in name
            and not name.endswith((".md", ".csv", ".sqlfluff"))
            and re.search(rf"\b{source}\b", (REPOSITORY / name).read_text("utf-8", "ignore"))
        ] == ["orchestration/core/environment.py"], source


def test_a_source_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="'pipedrive' is not a source"):
        Settings.from_environment({"SCORECARD_SOURCES": "files,pipedrive"})
