"""How soon the pages are there: `python -m tests.benchmarks.pages`.

It writes the pages of the current release, opens them in headless Chromium and renews the table in
docs/performance.md. For the size of the goal, first `scorecard demo-data --reps 1000 --days 1095`
and `scorecard refresh --no-reports`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import duckdb
from playwright.sync_api import Browser, Page, sync_playwright

from orchestration.core.settings import Settings
from orchestration.releases.release import current_release
from orchestration.site.publish import publish_site
from orchestration.site.server import served
from orchestration.site.sheets import find_browser
from orchestration.site.shell import build_shell
from tests.benchmarks.__main__ import DOCUMENT, MIB, write_document

BEGIN, END = "<!-- pages: begin -->", "<!-- pages: end -->"
RUNS = 5
# a page is at rest when nothing on it has changed for so long
REST_MS = 1000
WAIT_MS = 60_000
# what the reader came for
FIGURE = "main [data-figure]"
# when the first figure came, when the page last changed, and when the reader last touched it
WATCH = """
    window.seen = {figure: null, changed: 0, touched: 0};
    new MutationObserver(() => {
        seen.changed = performance.now();
        if (seen.figure === null && document.querySelector('FIGURE')) seen.figure = seen.changed;
    }).observe(document, {childList: true, subtree: true, characterData: true, attributes: true});
    for (const kind of ['click', 'input', 'change'])
        document.addEventListener(kind, () => { seen.touched = performance.now(); }, true);
""".replace("FIGURE", FIGURE)
AT_REST = f"""
    () => !document.querySelector('main .skeleton') && document.querySelector('main h1')
        && performance.now() - Math.max(seen.changed, seen.touched) > {REST_MS}
"""


def open_first(browser: Browser, address: str) -> tuple[float, float]:
    """A first visit, nothing cached: seconds until the first figure and until all is there."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(address)
    rest(page)
    figure, changed = page.evaluate("[seen.figure, seen.changed]")
    context.close()
    return figure / 1000, changed / 1000


def rest(page: Page) -> None:
    """Wait until the page no longer changes."""
    page.wait_for_function(AT_REST, timeout=WAIT_MS)


def time_step(page: Page, act: Callable[[Page], None]) -> float:
    """Seconds from the reader's click or key to the last change that follows."""
    before = page.evaluate("seen.touched")
    act(page)
    rest(page)
    touched, changed = page.evaluate("[seen.touched, seen.changed]")
    assert touched > before, "nothing was touched"
    assert changed > touched, "nothing changed"
    return float(changed - touched) / 1000


def steps(rep: str, name: str, team: str) -> list[tuple[str, str, Callable[[Page], None]]]:
    """What a reader does: the words, the page on which it begins, and the act."""

    def click(selector: str) -> Callable[[Page], None]:
        return lambda page: page.locator(selector).first.click()

    def choose(label: str) -> Callable[[Page], None]:
        return lambda page: page.get_by_text(label, exact=True).first.click()

    return [
        ("home: from this month to last month", "/", choose("Last month")),
        ("home: from this month to the year", "/", choose("Year")),
        ("home: a name is searched", "/", lambda page: page.get_by_role("searchbox").fill(name)),
        ("from home to a rep", "/", click("tr[data-rep] a")),
        ("from home to a team", "/", click(f'main a[href^="/teams/{quote(team)}"]')),
        ("rep: from this month to last month", f"/reps/{rep}/", choose("Last month")),
        ("from a rep to why", f"/reps/{rep}/", click('main a[href*="/why"]')),
        ("from a rep to the one-on-one", f"/reps/{rep}/", click('main a[href*="/one-on-one"]')),
        ("from a rep to the explained goal", f"/reps/{rep}/", click('main a[href*="/goal/"]')),
    ]


def tables(settings: Settings, runs: int = RUNS) -> str:
    """Seconds of each visit and step as Markdown."""
    release = current_release(settings)
    assert release is not None, "nothing is published: run `scorecard refresh` first"
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        build_shell(replace(settings, data_dir=Path(name)))
        shell = time.perf_counter() - started
    build_shell(settings)
    started, began = time.perf_counter(), time.process_time()
    site = publish_site(settings)
    writing, writing_cpu = time.perf_counter() - started, time.process_time() - began
    with duckdb.connect(str(release.database), read_only=True) as connection:
        [(reps,)] = connection.execute(
            "select count(*) from marts.dim_reps where is_current and is_active"
        ).fetchall()
        [(rep, rep_name, team)] = connection.execute(
            "select rep_id, rep_name, team from marts.scorecard_reps"
            " where is_current and period_type = 'month' and score is not null"
            " order by rep_id limit 1"
        ).fetchall()
    lines: list[tuple[str, Sequence[float]]] = []
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(os.environ),
            args=["--disable-gpu", "--disable-background-networking"],
            chromium_sandbox=os.geteuid() != 0,
        )
        routes = {"home": "/", "a rep": f"/reps/{rep}/", "a team": f"/teams/{quote(team)}/"}
        for words, route in routes.items():
            figures, wholes = zip(
                *(open_first(browser, address + route) for _ in range(runs)), strict=True
            )
            lines.append((f"first visit: {words}, its first figure", figures))
            lines.append((f"first visit: {words}, all of it", wholes))
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(WATCH)
        page = context.new_page()
        for words, route, act in steps(rep, rep_name, team):
            times = []
            for _ in range(runs):
                page.goto(address + route)
                page.evaluate("sessionStorage.clear()")
                rest(page)
                times.append(time_step(page, act))
            lines.append((words, times))
        browser.close()
    data = sum(path.stat().st_size for path in (site / "data").rglob("*") if path.is_file())
    return "\n".join(
        [
            f"{reps:,} reps, as of {release.as_of_date}. The shell was built in {shell:.0f} s; the"
            f" data of the pages ({data / MIB:,.0f} MiB) was written in {writing:.1f} s"
            f" ({writing_cpu:.1f} s of the processor). {runs} times each, seconds by the clock;"
            f" load average before: {load:.1f}.",
            "",
            "| what a reader does | median | slowest |",
            "|---|---:|---:|",
            *(
                f"| {words} | {statistics.median(times):.2f} | {max(times):.2f} |"
                for words, times in lines
            ),
        ]
    )


if __name__ == "__main__":
    write_document(DOCUMENT, tables(Settings.from_environment()), BEGIN, END)
