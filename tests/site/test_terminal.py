from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration import cli
from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.core.settings import Settings
from orchestration.readers.labels import status_of
from orchestration.readers.scorecard import (
    Scorecard,
    read_periods,
    read_scorecard,
    reading_release,
)
from tests.site.conftest import publish_sample


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Settings:
    """The demo's policy with the sample release of the pages."""
    settings = replace(Settings(), data_dir=tmp_path_factory.mktemp("terminal") / "data")
    publish_sample(settings, published)
    return settings


@pytest.fixture
def command(company: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line of that company, in a pipe 80 columns wide."""
    monkeypatch.setenv("SCORECARD_COMPANY", "demo")
    monkeypatch.setenv("SCORECARD_DATA_DIR", str(company.data_dir))
    monkeypatch.setenv("COLUMNS", "80")


def shown(scorecard: object, encoding: str = "utf-8", width: int = 80) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    Console(file=file, width=width, highlight=False).print(scorecard)
    file.seek(0)
    return file.read()


@pytest.mark.parametrize("text", ["r07", "Grace Nakamura", "grace  nakamura", "nakam", "Grace"])
def test_a_rep_is_found_by_id_name_or_part_of_it(company: Settings, text: str) -> None:
    assert read_scorecard(company, text).rep["rep_id"] == "r07"


@pytest.mark.parametrize("text", ["chloe d'arcy", "Chloé", "OZTURK", "weiß", "weiss"])
def test_a_name_is_found_without_its_accents(company: Settings, text: str) -> None:
    assert read_scorecard(company, text).rep["rep_id"] in {"r03", "r04", "r05"}


def test_part_of_several_names_lists_them(company: Settings) -> None:
    with pytest.raises(ConfigError, match="could be 3 reps") as raised:
        read_scorecard(company, "am")
    for line in ("r01  Amara Okafor (North)", "r07  Grace Nakamura (South)", "r12  Liam O'Connor"):
        assert line in str(raised.value)


def test_an_unknown_name_lists_the_closest(company: Settings) -> None:
    with pytest.raises(ConfigError, match="There is no rep 'Grase Nakamora'") as raised:
        read_scorecard(company, "Grase Nakamora")
    assert "r07  Grace Nakamura" in str(raised.value)
    with pytest.raises(ConfigError, match="Give an id"):
        read_scorecard(company, "")


def test_every_figure_is_the_published_one(company: Settings) -> None:
    scorecard = read_scorecard(company, "r07", "quarter")
    database = company.published_dir / "current" / "scorecard.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select metric_id, actual, goal_to_date, attainment, status, projection_low"
            " from marts.scorecard_rep_metrics where rep_id = 'r07'"
            " and period_type = 'quarter' and is_current order by sort_order"
        ).fetchall()
    columns = ("metric_id", "actual", "goal_to_date", "attainment", "status", "projection_low")
    assert [tuple(metric[name] for name in columns) for metric in scorecard.metrics] == rows


@pytest.mark.parametrize("rep", ["r01", "r04", "r12", "r13", "r14"])
def test_every_period_and_state_can_be_shown(company: Settings, rep: str) -> None:
    with reading_release(company) as (_, connection):
        periods = read_periods(connection)
    for period in periods:
        check_period(read_scorecard(company, rep, period))


def check_period(scorecard: Scorecard) -> None:
    text = shown(scorecard)
    assert scorecard.rep["rep_name"] in text
    assert max(map(len, text.splitlines())) <= 80
    assert "None" not in text
    assert "nan" not in text
    running = [
        metric
        for metric in scorecard.metrics
        if metric["projection"] is not None
        and (metric["goal_period"] or 0) > (metric["goal_to_date"] or 0)
    ]
    assert text.count("Heading for") == len(running)
    for metric in scorecard.metrics:
        assert metric["metric_name"] in text
        assert status_of(scorecard.statuses, metric["status"]).name in text
    if not scorecard.metrics:
        assert "No scorecard for this period" in text


def test_a_bar_is_as_long_as_the_attainment_and_has_a_tick_at_the_goal(company: Settings) -> None:
    scorecard = read_scorecard(company, "r07")
    metric = {**scorecard.metrics[0], "attainment": 0.5}
    bars = [
        line.strip()
        for line in shown(replace(scorecard, metrics=[metric])).splitlines()
        if "┃" in line
    ]
    # 40 cells to 160 %: 12.5 of them are half of the goal, the levels change at 80 % and 120 %
    assert bars[-1].startswith("█" * 12 + "▒" * 8 + "░" * 5 + "┃" + "░" * 5 + "·" * 10)


def test_a_terminal_without_blocks_gets_letters(company: Settings) -> None:
    text = shown(read_scorecard(company, "r07"), encoding="ascii")
    assert "#" in text
    assert "|" in text


def test_the_command_prints_no_colours_into_a_pipe(
    command: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["show", "r07"]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "Grace Nakamura" in text


def test_json_has_the_same_figures_and_keys_for_everybody(
    command: None, company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = []
    for rep in ("r07", "r14"):
        assert cli.run(["show", rep, "--json"]) == 0
        content = json.loads(capsys.readouterr().out)
        keys.append((content.keys(), content["score"].keys(), content["metrics"][0].keys()))
        assert content == read_scorecard(company, rep).as_json()
    assert keys[0] == keys[1]
    assert content["metrics"][0]["goal_to_date"] is None


def test_usage_errors_end_with_2(command: None, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["r07", "--period", "decade"], ["nobody at all"], ["a"]):
        assert cli.run(["show", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_before_the_first_release_it_says_so(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="has not published anything yet"):
        read_scorecard(settings, "r07")


def test_a_release_of_another_version_is_an_error_with_advice(
    settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("create schema marts; create table marts.dim_reps as select 1 as x")
    publish_sample(settings, other)
    with pytest.raises(ScorecardError, match="another version"):
        read_scorecard(settings, "r07")


def test_what_was_agreed_on_is_written_down_for_a_published_rep(
    command: None, company: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    company.files_dir.mkdir(parents=True)
    (company.files_dir / "reps.csv").write_text("rep_id,rep_name\nr07,Grace\n", encoding="utf-8")
    arguments = ["agree", "nakamura", "--metric", "Dials", "--action", "Call in the morning"]
    assert cli.run([*arguments, "--date", "2026-11-23", "--due", "2026-12-04"]) == 0
    assert "Written down for Grace Nakamura" in capsys.readouterr().out
    (row,) = (company.files_dir / "interventions.csv").read_text().splitlines()[1:]
    assert row.endswith(",r07,2026-11-23,dials,Call in the morning,2026-12-04,")
    assert cli.run([*arguments, "--due", "tomorrow"]) == 2
