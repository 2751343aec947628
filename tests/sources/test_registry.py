"""A source is one name in the settings and one package; everything else finds it there."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration.core import settings as core_settings
from orchestration.core.errors import ConfigError
from orchestration.core.settings import SOURCES, Settings
from orchestration.defs.ingestion import ingestion
from orchestration.sources.registry import Source, enabled_sources, poll_sources

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
    monkeypatch.setattr(core_settings, "SOURCES", (*SOURCES, "pipedrive"))
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


def test_a_source_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="'pipedrive' is not a source"):
        Settings.from_environment({"SCORECARD_SOURCES": "files,pipedrive"})
