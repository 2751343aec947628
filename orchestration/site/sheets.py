"""The one-on-one sheets as PDF: pages of the site, printed by a Chromium on this machine."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote as quote_url

import duckdb

from orchestration.core.environment import Environment
from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.files import replace_file
from orchestration.core.settings import Settings
from orchestration.readers.scorecard import find_rep
from orchestration.releases.release import DATABASE
from orchestration.site.server import served, served_folders

Paper = Literal["A4", "Letter"]
VARIABLE = "SCORECARD_CHROMIUM"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MARGIN = "11mm"
WAIT = 60_000  # milliseconds


def print_sheets(
    settings: Settings,
    manager: str,
    folder: Path,
    *,
    paper: Paper = "A4",
    environ: Mapping[str, str] | None = None,
) -> list[Path]:
    """Print the sheet of this week of each rep of a manager, one file each.

    Args:
        settings: the company, whose pages are there.
        manager: id, name, or a part of a name that only one manager has.
        folder: where the files go; those of the same week and rep are replaced.
        paper: the size of a page.
        environ: where `SCORECARD_CHROMIUM` may name the browser.

    Raises:
        ConfigError: there are no pages, no such manager, or no browser.
        ScorecardError: a page could not be printed.
    """
    site = settings.reports_dir / "current"
    folders = served_folders(site)
    sheets = _sheets_of(settings, site, manager)
    browser_path = find_browser(os.environ if environ is None else environ)
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise ConfigError(
            "Printing needs the package playwright: `pip install 'sales-scorecard[pdf]'`."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with served(*folders) as address, sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=browser_path,
                args=["--disable-gpu", "--disable-background-networking"],
                chromium_sandbox=os.geteuid() != 0,  # as root it does not start with one
            )
            page = browser.new_page()
            for sheet in sheets:
                page.goto(f"{address}/reps/{quote_url(sheet['rep_id'], safe='')}/one-on-one/")
                page.wait_for_selector("[data-sheet][data-ready=true]", timeout=WAIT)
                margin = dict.fromkeys(("top", "right", "bottom", "left"), MARGIN)
                content = page.pdf(format=paper, print_background=True, margin=margin)  # type: ignore[arg-type]
                path = folder / f"{sheet['week_id']}_{_file_name(sheet['rep_id'])}.pdf"
                replace_file(path, content)
                paths.append(path)
            browser.close()
        except Error as error:
            raise ScorecardError(
                f"{browser_path} could not print the sheets: {str(error).splitlines()[0]} Open "
                "`scorecard serve` and look at the page One-on-one of a rep."
            ) from error
    return paths


def _sheets_of(settings: Settings, site: Path, manager: str) -> list[dict[str, Any]]:
    """Rep and week of each sheet of the manager, as the release of the pages has them."""
    database = settings.published_dir / "releases" / site.resolve().name / DATABASE
    columns = ("rep_id", "week_id", "manager_id", "manager_name")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            rows = connection.execute(
                f"select {', '.join(columns)} from marts.scorecard_one_on_ones"
                " where is_current and manager_id is not null order by rep_name, rep_id"
            ).fetchall()
    except duckdb.Error as error:
        raise ScorecardError(
            f"{database} has no sheets ({str(error).splitlines()[0]}). Run `scorecard refresh`."
        ) from error
    sheets = [dict(zip(columns, row, strict=True)) for row in rows]
    managers = {
        sheet["manager_id"]: {
            "rep_id": sheet["manager_id"],
            "rep_name": sheet["manager_name"] or sheet["manager_id"],
            "team": None,
        }
        for sheet in sheets
    }
    chosen = find_rep(list(managers.values()), manager, what="manager")
    return [sheet for sheet in sheets if sheet["manager_id"] == chosen["rep_id"]]


def find_browser(environ: Mapping[str, str]) -> str:
    """The path of Chromium or Chrome: the one that `SCORECARD_CHROMIUM` names, or one on the PATH.

    Raises:
        ConfigError: there is none, or what is named is no program.
    """
    named = Environment.read(environ).chromium
    if named:
        if not os.access(named, os.X_OK):
            raise ConfigError(f"{VARIABLE}: {named} is no program that can be run.")
        return named
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise ConfigError(
            "Printing needs Chromium or Chrome, and none is on the PATH. Install one "
            f"(`apt-get install chromium`), name it in {VARIABLE}, or print the page One-on-one of "
            "`scorecard serve` from your own browser."
        )
    return found


def _file_name(rep_id: str) -> str:
    return re.sub(r"[^\w.-]", lambda match: f"%{ord(match.group()):02X}", rep_id)
