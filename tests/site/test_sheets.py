"""Printing sheets: what is said before a browser starts. The print itself is a browser test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.site import sheets
from tests.site.conftest import publish_sample


@pytest.fixture
def company(settings: Settings, published: Path) -> Settings:
    """The sample release with pages that are hardly any."""
    release = publish_sample(settings, published)
    site = settings.reports_dir / "releases" / release.release_id
    site.mkdir(parents=True)
    (site / "index.html").write_text("<html></html>", encoding="utf-8")
    (settings.reports_dir / "current").symlink_to(site)
    return settings


def test_the_sheets_are_those_of_the_managers_reps(company: Settings) -> None:
    site = company.reports_dir / "current"
    for manager in ("m1", "Petra Novak", "petra"):
        found = sheets._sheets_of(company, site, manager)
        assert {sheet["rep_id"] for sheet in found} == {"r01", "r02", "r03", "r04", "r05"}
        assert {sheet["week_id"] for sheet in found} == {"2026-W47"}


def test_an_unknown_manager_is_told_the_closest(company: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no manager 'Petra Nowak'") as raised:
        sheets.print_sheets(company, "Petra Nowak", tmp_path / "out")
    assert "Petra Novak" in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_without_a_browser_it_says_how_to_get_one(
    company: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "BROWSERS", ("no-such-browser",))
    with pytest.raises(ConfigError, match="apt-get install chromium"):
        sheets.print_sheets(company, "m1", tmp_path / "out", environ={})
    with pytest.raises(ConfigError, match="SCORECARD_CHROMIUM: /nowhere"):
        sheets.print_sheets(company, "m1", tmp_path / "out", environ={sheets.VARIABLE: "/nowhere"})


def test_without_pages_it_says_so(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no pages yet"):
        sheets.print_sheets(replace(settings), "m1", tmp_path)


def test_a_file_name_holds_any_id() -> None:
    assert sheets._file_name("a/b c.1") == "a%2Fb%20c.1"
