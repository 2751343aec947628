"""The pages in headless Chromium: what a reader sees, and what the browser asks for."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.site.publish import publish_site
from orchestration.site.server import served, served_folders
from orchestration.site.shell import build_shell
from tests.site.conftest import publish_sample
from tests.site.test_audiences import found_in, id_of, plant

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOOLS_ARE_HERE = bool(CHROMIUM and shutil.which("npm"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not TOOLS_ARE_HERE and not os.environ.get("CI"),
        reason="the pages are tested where chromium and npm are installed",
    ),
]

ROUTES = [
    "/",
    "/teams/North/",
    "/reps/r04/",
    "/reps/r13/",
    "/reps/r14/",
    "/reps/r07/why/",
    "/reps/r06/why/",
    "/reps/r14/why/",
    "/reps/r01/goal/?metric=dials",
    "/reps/r14/goal/",
    "/reps/r04/leads/",
    "/reps/r13/leads/",
    "/leads/",
    "/reps/r01/compare/",
    "/reps/r03/compare/?period=week",
    "/reps/r12/compare/",
    "/goals/",
    "/reps/r04/history/",
    "/reps/nobody/history/",
    "/plan/",
    "/reps/r04/one-on-one/",
    "/reps/r14/one-on-one/",
    "/metrics/",
    "/metrics/revenue_won/",
    "/metrics/response_days/",
    "/seasonality/",
    "/leading/",
    "/projections/",
    "/data-quality/",
    "/reps/nobody/",
]
WAIT = 60_000
NOTHING = "\N{EN DASH}"


@dataclass
class Visit:
    """A page and what went wrong or abroad while it was open."""

    page: Page
    address: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, route: str) -> Page:
        """Go to a route and wait until everything on it is shown."""
        self.page.goto(self.address + route)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the as-of line and every query have arrived."""
        expect(self.page.locator("header").get_by_text("Figures as of")).to_be_visible(timeout=WAIT)
        expect(self.page.locator("main h1")).to_be_visible(timeout=WAIT)
        expect(self.page.locator("main .skeleton")).to_have_count(0, timeout=WAIT)


@pytest.fixture(scope="session")
def company(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A company with the real shell and the data of the sample release."""
    ours = Settings()
    build_shell(ours)
    data_dir = tmp_path_factory.mktemp("data")
    (data_dir / ".reports_shell").symlink_to(ours.data_dir / ".reports_shell")
    settings = replace(ours, data_dir=data_dir)
    publish_sample(settings, published)
    publish_site(settings)
    return settings


@pytest.fixture(scope="session")
def address(company: Settings) -> Iterator[str]:
    """The address at which the pages are served."""
    with served(company.reports_dir / "current") as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, kept from calling home on its own.

    It ends with this module: later tests must not find its event loop running.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[dict[int, BrowserContext]]:
    """A desk and a phone; kept open, so that the engine is compiled once."""
    contexts = {
        width: browser.new_context(viewport={"width": width, "height": 900})
        for width in (1440, 390)
    }
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture
def visit(windows: dict[int, BrowserContext], address: str) -> Callable[..., Any]:
    """Open a page of a width; at its end nothing may have gone wrong or abroad."""

    @contextmanager
    def open_window(width: int = 1440, at: str = address) -> Iterator[Visit]:
        context = windows[width]
        window = Visit(context.new_page(), at)

        def on_request(request: Request) -> None:
            if not request.url.startswith((at, "data:", "blob:")):
                window.foreign.append(request.url)

        def on_response(response: Response) -> None:
            if response.status >= 400:
                window.errors.append(f"{response.status} {response.url}")

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                window.errors.append(message.text)

        window.page.on("console", on_console)
        window.page.on("pageerror", lambda error: window.errors.append(str(error)))
        context.on("request", on_request)
        context.on("response", on_response)
        try:
            yield window
        finally:
            context.remove_listener("request", on_request)
            context.remove_listener("response", on_response)
            window.page.close()
        assert window.errors == []
        assert window.foreign == []

    return open_window


@pytest.fixture(scope="session")
def marts(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published tables."""
    with duckdb.connect(str(published), read_only=True) as connection:
        connection.execute("set search_path = 'marts'")
        yield connection


def percent(share: float | None) -> str:
    """A share as the pages write it: rounded down."""
    return NOTHING if share is None else f"{math.floor(share * 100 + 1e-9)}%"


def number(value: float, digits: int) -> str:
    """A number with thousands separators and at most `digits` decimals, halves rounded up."""
    scaled = math.floor(abs(value) * 10**digits + 0.5) / 10**digits
    text = f"{scaled:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def value_of(value: float | None, unit: str) -> str:
    """A value of a metric as the pages write it, in the demo company's currency."""
    if value is None:
        return NOTHING
    if unit == "ratio":
        return f"{number(value * 100, 1)}%"
    if unit == "money":
        return f"${number(value, 0)}"
    text = number(value, 1 if abs(value) < 100 else 0)
    return f"{text} days" if unit == "days" else text


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("route", ROUTES)
def test_page_opens_clean(visit: Callable[..., Any], route: str, width: int) -> None:
    axe = (REPOSITORY / "reports/node_modules/axe-core/axe.min.js").read_text()
    with visit(width) as window:
        page = window.open(route)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert "undefined" not in page.inner_text("body")
        assert "NaN" not in page.inner_text("body")
        expect(page.get_by_text("Figures as of 18 Nov 2026")).to_be_visible()
        expect(page.get_by_role("link", name="1 of 4 checks to review")).to_be_visible()
        page.evaluate(axe)
        violations = page.evaluate(
            "axe.run().then(result => result.violations.map("
            "rule => `${rule.id}: ${rule.nodes.map(node => node.target).join(' ')}`))"
        )
        assert violations == []


def test_home_shows_the_published_scores(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select rep_id, score, status from scorecard_reps "
        "where is_current and period_type = 'month'"
    ).fetchall()
    with visit() as window:
        page = window.open("/")
        for rep_id, score, status in rows:
            row = page.locator(f"tr[data-rep={rep_id}]")
            expect(row.locator("td.status")).to_have_text(status.replace("_", " ").capitalize())
            shown = row.locator("[data-figure=score]")
            if score is None or status == "data_suspect":
                expect(shown).to_have_count(0)
            else:
                expect(shown).to_have_text(percent(score))
        statuses = [row[2] for row in rows]
        for status in set(statuses):
            count = page.locator(f"[data-status={status}]")
            expect(count).to_have_text(str(statuses.count(status)))
        expect(page.locator("[data-status]")).to_have_count(len(set(statuses)))


def test_reps_are_sorted_by_urgency(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/")
        page.get_by_role("button", name="Status").click()
        shown = page.locator("td.status").all_inner_texts()
        order = ["Needs intervention", "Watch", "On track", "Ahead", "Outstanding"]
        order += ["Too little data", "Data suspect", "No goal"]
        assert shown == sorted(shown, key=order.index)
        assert len(set(shown)) > 2


def test_problems_are_open_and_passed_checks_folded(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/data-quality/")
        expect(page.get_by_text("gx_values_not_null_rep_id")).to_be_visible()
        passed = page.get_by_text("gx_row_count_matches_weekday")
        expect(passed).to_be_hidden()
        page.get_by_text("1 passed", exact=True).first.click()
        expect(passed).to_be_visible()


@pytest.mark.parametrize(
    ("label", "where"),
    [
        ("This month", "period_type = 'month' and is_current"),
        ("Last month", "period_id = '2026-10'"),
        ("Last week", "period_id = '2026-W46'"),
        ("Year", "period_type = 'year' and is_current"),
    ],
)
@pytest.mark.parametrize("rep_id", ["r04", "r03", "r14"])
def test_rep_page_shows_the_published_figures(
    visit: Callable[..., Any],
    marts: duckdb.DuckDBPyConnection,
    rep_id: str,
    label: str,
    where: str,
) -> None:
    rows = marts.execute(
        "select metric_id, unit, actual, goal_to_date, goal_period, attainment, projection "
        f"from scorecard_rep_metrics where rep_id = '{rep_id}' and {where}"
    ).fetchall()
    assert rows
    with visit() as window:
        page = window.open(f"/reps/{rep_id}/")
        page.get_by_text(label, exact=True).click()
        window.settle()
        for metric_id, unit, actual, goal, goal_period, attainment, projection in rows:
            card = page.locator(f"[data-metric={metric_id}]")
            expect(card.locator("[data-figure=actual]")).to_have_text(value_of(actual, unit))
            shown = card.locator("[data-figure=projection]")
            if goal is None:
                expect(card).to_contain_text("no goal for this period")
                expect(shown).to_have_count(0)
                continue
            expect(card.locator("[data-figure=goal_to_date]")).to_have_text(value_of(goal, unit))
            expect(card.locator("[data-figure=attainment]")).to_have_text(percent(attainment))
            if projection is None or goal_period <= goal:  # a period that is over heads nowhere
                expect(shown).to_have_count(0)
            else:
                expect(shown).to_have_text(value_of(projection, unit))


def test_only_what_people_with_a_goal_did_stands_against_the_goal(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    (row,) = marts.execute(
        "select unit, actual, actual_with_goal, attainment from scorecard_teams where is_current"
        " and team_scope = 'organisation' and metric_id = 'dials' and period_type = 'month'"
    ).fetchall()
    unit, actual, with_goal, attainment = row
    assert actual > with_goal
    with visit() as window:
        page = window.open("/")
        page.get_by_text("This month", exact=True).click()
        window.settle()
        card = page.locator("[data-metric=dials]")
        expect(card.locator("[data-figure=actual_with_goal]")).to_have_text(
            value_of(with_goal, unit)
        )
        expect(card.locator("[data-figure=actual]")).to_have_text(value_of(actual, unit))
        expect(card.locator("[data-figure=attainment]")).to_have_text(percent(attainment))


@pytest.mark.parametrize("rep_id", ["r01", "r04", "r12"])
def test_comparisons_show_the_published_figures(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection, rep_id: str
) -> None:
    keys = (
        "actual goal_to_date peer_median peer_top_quartile previous_value last_year_value "
        "trailing_13_week_value team_value organisation_value industry_value"
    ).split()
    rows = marts.execute(
        f"select metric_id, unit, {', '.join(keys)} from scorecard_benchmarks"
        f" where rep_id = '{rep_id}' and period_type = 'month' and is_current"
    ).fetchall()
    assert rows
    with visit() as window:
        page = window.open(f"/reps/{rep_id}/compare/?period=month")
        for metric_id, unit, *values in rows:
            card = page.locator(f"[data-metric={metric_id}]")
            for key, value in zip(keys, values, strict=True):
                figure = card.locator(f"[data-figure={key}]")
                if value is None:
                    expect(figure).to_have_count(0)
                else:
                    expect(figure).to_have_text(value_of(value, unit))
        said = page.inner_text("main")
        assert ("no comparable month last year" in said) == (rep_id == "r04")
        assert ("No comparable period yet." in said) == (rep_id == "r12")
        assert ("unverified" in said) == any(row[0] == "dials" for row in rows)


def test_who_was_not_at_work_is_compared_with_nobody(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/reps/r03/compare/?period=week")
        card = page.locator("[data-metric=dials]")
        expect(card).to_contain_text("No whole day at work in this period")
        expect(card.locator("[data-figure=peer_median]")).to_have_count(0)


def test_goals_are_judged_as_published(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select goal_id, verdict, sentence from goal_quality where subject = 'goal'"
    ).fetchall()
    assert {verdict for _, verdict, _ in rows} == {"nobody", "everybody", "fine", "too_few_reps"}
    with visit() as window:
        page = window.open("/goals/")
        for goal_id, verdict, sentence in rows:
            goal = page.locator(f"[data-goal={goal_id}]")
            expect(goal).to_have_attribute("data-verdict", verdict)
            expect(goal).to_contain_text(sentence)
            wants = verdict in {"nobody", "everybody"}
            expect(goal.locator("[data-figure=suggested_goal]")).to_have_count(int(wants))


def test_a_diagnosis_adds_up_from_the_reference_to_the_result(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select reference, actual, contribution, sentence from scorecard_diagnosis"
        " where rep_id = 'r07' and period_type = 'last_13_weeks' order by factor_order"
    ).fetchall()
    assert len(rows) == 3
    with visit() as window:
        page = window.open("/reps/r07/why/")
        expect(page.locator("[data-figure=reference]")).to_have_text(value_of(rows[0][0], "money"))
        expect(page.locator("[data-figure=actual]")).to_have_text(value_of(rows[0][1], "money"))
        expect(page.locator("[data-figure=sentence]")).to_have_text(rows[0][3])
        shown = page.locator("[data-figure=contribution]")
        for number, (_, _, contribution, _) in enumerate(rows):
            sign = "\N{MINUS SIGN}" if contribution < 0 else "+"
            expect(shown.nth(number)).to_have_text(sign + value_of(abs(contribution), "money"))


def test_the_plan_shows_the_published_volumes_of_the_chosen_chance(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    with visit() as window:
        page = window.open("/plan/")
        for chance in ("0.8", "0.5"):
            page.get_by_label("Chance to reach it").select_option(
                label={"0.8": "80%", "0.5": "even (50%)"}[chance]
            )
            rows = marts.execute(
                "select events_per_year, unit, feasibility from goal_plan"
                f" where role = 'AE' and probability = {chance} order by step desc"
            ).fetchall()
            shown = page.locator("[data-figure=events_per_year]")
            for number, (events, unit, _) in enumerate(rows):
                expect(shown.nth(number)).to_have_text(value_of(events, unit))
            expect(page.locator("[data-figure=feasibility]")).to_have_text(rows[-1][2].capitalize())
        page.get_by_label("Role").select_option("SDR")
        expect(page.get_by_text("There is no revenue target for SDR")).to_be_visible()


def test_explained_days_add_up_to_the_published_goal(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    expected = marts.execute(
        "select sum(daily_goal), sum(daily_goal) filter (date_day <= date '2026-11-18') "
        "from fct_goals_daily where rep_id = 'r01' and metric_id = 'meetings_booked' "
        "and month_start_date = date '2026-11-01'"
    ).fetchone()
    assert expected
    with visit() as window:
        page = window.open("/reps/r01/goal/?metric=meetings_booked")
        expect(page.locator("[data-figure=month_goal]")).to_have_text(number(expected[0], 2))
        expect(page.locator("[data-figure=month_goal_to_date]")).to_have_text(
            number(expected[1], 2)
        )
        page.get_by_label("Month").select_option("2026-08-01")
        days = page.locator("table.factors tbody tr")
        expect(days).to_have_count(31)
        expect(days.nth(2)).to_contain_text("0.7")


def test_reps_can_be_searched_filtered_and_sorted(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/")
        names = page.locator("tbody td.who a")
        page.get_by_label("Search").fill("chloe")
        expect(names).to_have_text(["Chloé d'Arcy"])
        page.get_by_label("Search").fill("zz")
        expect(page.get_by_text("No rep matches.")).to_be_visible()
        page.get_by_role("button", name="Show all reps").click()
        page.get_by_label("Team").select_option("South")
        expect(names).to_have_count(4)
        page.get_by_role("button", name="Rep", exact=False).first.click()
        south = ["Farid Haddad", "Grace Nakamura", "Hugo Martins", "Ines Carvalho"]
        expect(names).to_have_text(south)
        page.get_by_role("button", name="Rep", exact=False).first.click()
        expect(names).to_have_text(south[::-1])
        page.get_by_role("button", name="Needs attention").click()
        expect(names.first).to_have_text("Grace Nakamura")


def test_history_shows_what_was_said_and_what_changed_since(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    (said,) = marts.execute(
        "select actual from scorecard_history where rep_id = 'r04' and metric_id = 'dials'"
        " and period_type = 'week' and as_of_date = '2026-11-16'"
    ).fetchall()
    with visit() as window:
        page = window.open("/reps/r04/history/")
        page.get_by_label("As of").select_option("2026-11-16")
        page.get_by_label("Period").select_option("week")
        dials = page.locator("[data-metric=dials]")
        expect(dials.locator("[data-figure=actual]")).to_have_text(value_of(said[0], "count"))
        expect(dials.locator("[data-figure=restated_actual]")).to_have_text(
            value_of(said[0] + 3, "count")
        )
        expect(dials).to_contain_text("Of these days, 3 records came late.")
        expect(page.locator("[data-metric=revenue_won]")).to_contain_text(
            "Of these days, 1 record changed since, 1 record deleted since."
        )
        expect(page.locator("[data-figure=restated]")).to_have_text("2")
        page.get_by_label("As of").select_option("2026-11-18")
        expect(page.get_by_text("This is what is said today.")).to_be_visible()
        expect(page.locator("[data-figure=restated_actual]")).to_have_count(0)


def test_signals_are_told_where_they_belong(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/reps/r13/")
        expect(page.locator("[data-signal=capture_drop_rep]")).to_contain_text("Data suspect:")
        page = window.open("/reps/r02/")  # a habit is between manager and rep
        expect(page.locator("[data-signal=capture_drop_team]")).to_be_visible()
        expect(page.locator("[data-signal=short_calls]")).to_have_count(0)
        page = window.open("/teams/North/")
        expect(page.locator("[data-signal=short_calls]")).to_contain_text("Ben Lindqvist")
        page = window.open("/data-quality/")
        expect(
            page.get_by_text("The source does not say when records were entered")
        ).to_be_visible()
        expect(page.locator("[data-signal]")).to_have_count(2)


def test_the_picker_offers_the_published_period_types(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/")
        assert page.locator("fieldset label").all_inner_texts() == [
            "This week", "Last week", "This month", "Last month", "Quarter", "Year", "4 weeks",
            "13 weeks", "52 weeks",
        ]  # fmt: skip
        page.get_by_label("52 weeks").check()
        expect(page.get_by_text("No rep has a scorecard in this period.")).to_be_visible()


def test_period_follows_the_reader_by_keyboard(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/")
        page.get_by_label("This month").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_label("Last month")).to_be_checked()
        link = page.get_by_role("link", name="Farid Haddad")
        link.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Farid Haddad")).to_be_visible(timeout=WAIT)
        window.settle()
        expect(page.get_by_label("Last month")).to_be_checked()
        expect(page.get_by_text("1 Oct 2026 to 31 Oct 2026")).to_be_visible()


def test_every_link_leads_to_a_page(visit: Callable[..., Any]) -> None:
    with visit() as window:
        waiting = ["/"]
        seen: set[str] = set()
        kinds: dict[str, int] = {}
        while waiting:
            route = waiting.pop()
            kind = re.sub(r"/(reps|teams|metrics)/[^/]+/", r"/\1/*/", route.split("?")[0])
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] > 2:
                continue
            page = window.open(route)
            assert "with this address" not in page.inner_text("main"), route
            for link in page.locator("a[href]").evaluate_all(
                "links => links.map(link => link.getAttribute('href'))"
            ):
                if link.startswith("/") and link not in seen:
                    seen.add(link)
                    waiting.append(link)
        assert {kind for kind, count in kinds.items() if count} == {
            "/",
            "/teams/*/",
            "/reps/*/",
            "/reps/*/goal/",
            "/reps/*/leads/",
            "/leads/",
            "/reps/*/compare/",
            "/goals/",
            "/reps/*/history/",
            "/reps/*/why/",
            "/reps/*/one-on-one/",
            "/metrics/",
            "/metrics/*/",
            "/seasonality/",
            "/leading/",
            "/plan/",
            "/projections/",
            "/data-quality/",
        }


def test_leads_are_those_published_and_say_why(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select lead_id, conversion_probability from lead_scores where rep_id = 'r04' order by"
        " rank_for_rep"
    ).fetchall()
    (lift,) = marts.execute("select lift from lead_score_calibration where decile = 1").fetchall()
    with visit(390) as window:
        page = window.open("/reps/r04/leads/")
        page.get_by_role("button", name="Show more").click()
        cards = page.locator("ol.cards > li")
        expect(cards).to_have_count(len(rows))
        for place, (lead_id, probability) in enumerate(rows):
            expect(cards.nth(place)).to_contain_text(lead_id)
            expect(cards.nth(place).locator("strong")).to_have_text(
                "under 1%" if probability < 0.005 else f"{probability * 100 + 1e-9:.0f}%"
            )
        # a value may have a comma in it
        expect(cards.first.locator("li")).to_have_text(
            [
                re.compile("for it: from trade fair"),
                re.compile("against it: industry Food, beverage"),
                re.compile("for it: company size 1000 or more"),
            ]
        )
        expect(page.locator("[data-figure=lift]")).to_have_text(f"{number(lift[0], 1)} times")
        expect(page.locator("[data-figure=good_ratio]")).to_have_text("30%")
        page = window.open("/reps/r02/leads/")
        expect(page.get_by_text("There is no score yet: 12 of 30 conversions")).to_be_visible()
        expect(page.locator("ol.cards .chance")).to_have_count(0)
        page = window.open("/reps/r13/leads/")
        expect(page.get_by_text("No open leads.")).to_be_visible()
        expect(page.get_by_text("12 of 30 activities with a known account")).to_be_visible()


def test_a_sheet_shows_the_published_figures_of_its_week(
    visit: Callable[..., Any], marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select metric_id, unit, actual, attainment from scorecard_one_on_one_metrics"
        " where rep_id = 'r04' and week_start_date = date '2026-11-16'"
    ).fetchall()
    assert rows
    with visit() as window:
        page = window.open("/reps/r04/one-on-one/")
        for metric_id, unit, actual, attainment in rows:
            line = page.locator(f"[data-metric={metric_id}]")
            expect(line.locator("[data-figure=actual]")).to_have_text(value_of(actual, unit))
            expect(line.locator("[data-figure=attainment]")).to_have_text(percent(attainment))
        expect(page.locator("[data-verdict=improved_beyond_chance]")).to_be_visible()
        page.get_by_label("Week").select_option("2026-11-09")
        expect(
            page.get_by_text("only the sheet of the running week has a pace").first
        ).to_be_visible()


@pytest.mark.parametrize(("manager", "reps", "paper"), [("Petra", 5, "A4"), ("m3", 5, "Letter")])
def test_each_sheet_prints_on_exactly_one_page(
    company: Settings, tmp_path: Path, manager: str, reps: int, paper: str
) -> None:
    """In a process of its own: the test has a browser of its own already."""
    command = [sys.executable, "-m", "orchestration.cli", "one-on-ones", "--manager", manager]
    command += ["--out", str(tmp_path), *(["--letter"] if paper == "Letter" else [])]
    environment = {**os.environ, "SCORECARD_DATA_DIR": str(company.data_dir)}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    files = sorted(tmp_path.iterdir())
    assert len(files) == reps
    width = {"A4": 595, "Letter": 612}[paper]
    for file in files:
        content = file.read_bytes()
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", content)) == 1, file.name
        (found,) = re.findall(rb"/MediaBox \[0 0 ([\d.]+)", content)
        assert round(float(found)) == pytest.approx(width, abs=1)


def test_unknown_rep_is_told_kindly(visit: Callable[..., Any]) -> None:
    with visit() as window:
        page = window.open("/reps/nobody/")
        expect(
            page.get_by_role("heading", name="There is no rep with this address.")
        ).to_be_visible()


def test_an_unknown_address_is_told_kindly(visit: Callable[..., Any]) -> None:
    with visit() as window:
        window.page.goto(f"{window.address}/nowhere/")
        expect(window.page.get_by_role("heading", name="There is no such page")).to_be_visible()
        assert all("404" in error for error in window.errors)
        window.errors.clear()
        window.page.get_by_role("main").get_by_role("link", name="All reps").click()
        window.settle()


def test_the_first_visit_brings_our_own_code_only(company: Settings) -> None:
    """Any one of Evidence's components would bring all of its charts, icons and editors: 7 MB."""
    scripts = (company.reports_dir / "current" / "_app").rglob("*.js")
    ours = [path for path in scripts if "workers" not in path.parts]  # those are DuckDB's
    assert len(ours) > 20
    assert sum(path.stat().st_size for path in ours) < 2_000_000


def test_a_renewed_release_is_read_by_open_pages(visit: Callable[..., Any], address: str) -> None:
    """The files of an older release are gone: the page reloads once and shows the new figures."""
    with visit() as window:
        page = window.open("/")
        stale: list[str] = []

        def gone_once(route: Any) -> None:
            if stale:
                route.continue_()
                return
            stale.append(route.request.url)
            route.fulfill(status=404, body="Not found")

        page.route("**/data/scorecard_rep_metrics.*", gone_once)
        page.get_by_role("link", name="Farid Haddad").click()
        expect(page.locator("[data-metric=dials]")).to_be_visible(timeout=WAIT)
        assert stale
        window.errors.clear()


@pytest.fixture(scope="module")
def audiences(company: Settings, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real shell with a data folder per audience."""
    folder = tmp_path_factory.mktemp("audiences")
    (folder / ".reports_shell").symlink_to(company.data_dir / ".reports_shell")
    settings = replace(company, data_dir=folder, audiences=True)
    planted = folder / "planted.duckdb"
    shutil.copyfile(published, planted)
    plant(planted)
    publish_sample(settings, planted)
    publish_site(settings)
    return settings.reports_dir / "current"


@pytest.mark.parametrize("person", ["r04", "m1"])
def test_pages_work_with_what_an_audience_sees(
    visit: Callable[..., Any], audiences: Path, person: str
) -> None:
    shell, data = served_folders(audiences, id_of(person))
    with served(shell, data) as url, visit(390, url) as window:
        waiting = ["/", "/plan/", "/goals/", "/teams/North/", f"/reps/{id_of('r04')}/leads/"]
        kinds: dict[str, int] = {}
        seen = set(waiting)
        while waiting:
            route = waiting.pop()
            kind = re.sub(r"/(reps|teams|metrics)/[^/]+/", r"/\1/*/", route.split("?")[0])
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] > 1:
                continue
            page = window.open(route)
            text = page.inner_text("body")
            assert f"For Canary {person} Name" in text, route
            for fault in ("undefined", "NaN", "with this address", "could not be read"):
                assert fault not in text, (route, fault)
            links = page.locator("a[href]").evaluate_all(
                "links => links.map(link => link.getAttribute('href'))"
            )
            assert not {"/plan/", "/goals/"} & set(links), route
            new = {link for link in links if link.startswith("/")} - seen
            seen |= new
            waiting += sorted(new)
        assert len(kinds) > 15


def test_a_login_that_nobody_knows_is_told_so(visit: Callable[..., Any], audiences: Path) -> None:
    data = audiences / "audiences" / "nobody"
    with served(audiences / "shell", data) as url, visit(1440, url) as window:
        window.page.goto(f"{url}/reps/r04/")
        heading = window.page.get_by_role("heading", name="Nothing here is for you")
        expect(heading).to_be_visible(timeout=WAIT)


def test_the_built_shell_holds_nobodys_data(audiences: Path) -> None:
    shell = (audiences / "shell").resolve()
    assert not (shell / "data").exists()
    assert found_in(shell) == set()
    assert not [path for path in shell.rglob("*") if path.suffix in (".arrow", ".parquet")]
