"""`scorecard plan` on the sample release, and what `--write` does to the policy of the demo."""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from orchestration import cli
from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.policy.check import check_policy
from orchestration.readers.plan import make_plan, write_goals
from tests.site.conftest import publish_sample


@pytest.fixture
def company(tmp_path: Path, published: Path) -> Settings:
    """The sample release with a copy of the demo's policy that may be written to."""
    project = tmp_path / "dbt_project"
    shutil.copytree(Settings().seeds_dir, project / "seeds" / "demo")
    shutil.copytree(Settings().dbt_project_dir / "models", project / "models")
    settings = replace(Settings(), data_dir=tmp_path / "data", dbt_project_dir=project)
    publish_sample(settings, published)
    return settings


@pytest.fixture
def command(company: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command `scorecard plan` on that company."""
    monkeypatch.setattr("orchestration.cli.readers.settings_of", lambda _: company)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *arguments: cli.run(["plan", *arguments])


def goals_of(settings: Settings) -> str:
    return (settings.seeds_dir / "goals.csv").read_bytes().decode()


def test_an_even_chance_is_the_arithmetic_by_hand(company: Settings) -> None:
    plan = make_plan(company, "AE", 2_000_000, reps=5, probability=0.5)
    volumes = {step["metric_id"]: step["events_per_year"] for step in plan.steps}
    assert volumes == pytest.approx(
        {"demos_held": 400, "opportunities_created": 160, "deals_won": 40, "revenue_won": 2e6}
    )
    demos = plan.steps[0]
    assert demos["events_per_rep"] == pytest.approx(80)
    assert demos["events_per_day"] == pytest.approx(80 / 200)
    assert demos["full_time_goal"] == pytest.approx(80 / 200 * 250)
    assert demos["feasibility"] == "not_feasible"  # a top rep holds 1.3 x 0.25 a day


def test_the_plan_of_the_published_target_is_the_published_plan(company: Settings) -> None:
    plan = make_plan(company, "AE", 1_000_000, probability=0.8)
    assert plan.steps[-1]["result_mean"] == pytest.approx(1_228_496.34, abs=0.01)
    assert plan.steps[0]["events_per_year"] == pytest.approx(245.699268, abs=1e-5)


@pytest.mark.parametrize("probability", [0.6, 0.8, 0.95])
def test_the_target_is_reached_as_often_as_the_plan_says(
    company: Settings, probability: float
) -> None:
    """Deals come like Poisson events, their sizes scatter: variance / mean = 60,000."""
    plan = make_plan(company, "AE", 3_000_000, probability=probability)
    deals = plan.steps[-2]["events_per_year"]
    rng = np.random.default_rng(11)
    counts = rng.poisson(deals, 20_000)
    sizes = rng.gamma(5, 10_000, int(counts.sum()))  # mean 50,000, E[size^2] / E[size] = 60,000
    totals = np.add.reduceat(sizes, np.r_[0, np.cumsum(counts)[:-1]])
    assert np.mean(totals >= plan.revenue) == pytest.approx(probability, abs=0.02)


def test_the_plan_is_printed_and_given_as_json(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--revenue", "1000000", "--role", "AE", "--probability", "0.5") == 0
    text = capsys.readouterr().out
    for words in ("AE, fiscal year 2028", "USD 1,000,000", "Demos held", "200", "with 4 reps"):
        assert words in text
    assert "feasible, at most what the median rep does" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert command("--revenue", "1000000", "--role", "AE", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["role"], found["reps"], found["year_start_date"]) == ("AE", 4, "2027-02-01")
    assert found["steps"][0]["metric_id"] == "demos_held"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--revenue", "0", "--role", "AE"], "--revenue: 0 is not a number above 0"),
        (["--revenue", "nan", "--role", "AE"], "--revenue: nan is not a number above 0"),
        (["--revenue", "inf", "--role", "AE"], "--revenue: inf"),
        (["--revenue", "1", "--role", "ae"], "Roles with a plan: AE."),
        (["--revenue", "1", "--role", "SDR"], "a funnel that does not end in money"),
        (["--revenue", "1", "--role", "AE", "--probability", "80"], "between 0.5"),
        (["--revenue", "1", "--role", "AE", "--reps", "0"], "--reps: 0 is not a number above 0"),
    ],
)
def test_bad_input_is_told_in_one_line(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    assert command(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_without_a_release_the_next_step_is_named(tmp_path: Path) -> None:
    settings = replace(Settings(), data_dir=tmp_path)
    with pytest.raises(ConfigError, match="scorecard refresh"):
        make_plan(settings, "AE", 1_000_000)


def test_written_goals_are_a_small_change_of_a_valid_policy(company: Settings) -> None:
    before = goals_of(company)
    changes = write_goals(company, make_plan(company, "AE", 1_000_000, probability=0.5))
    assert check_policy(company) == []
    diff = [
        line
        for line in difflib.unified_diff(
            before.splitlines(), goals_of(company).splitlines(), n=0, lineterm=""
        )
        if line[:3] not in ("---", "+++") and line[0] in "-+"
    ]
    # 50 demos and 250,000 for each of 4 reps in 200 days of 250; the seniors' goals keep their
    # proportion of 16 : 18 and 13 : 9
    assert diff == [
        "-ae_demos,role,AE,,demos_held,month,18,relieve,,",
        "-ae_senior_demos,role,AE,senior,demos_held,month,16,relieve,,",
        "+ae_demos,role,AE,,demos_held,month,18,relieve,,2027-02-01",
        "+ae_senior_demos,role,AE,senior,demos_held,month,16,relieve,,2027-02-01",
        "-ae_revenue,role,AE,,revenue_won,year,900000,redistribute,,",
        "-ae_senior_revenue,role,AE,senior,revenue_won,year,1300000,redistribute,,",
        "+ae_revenue,role,AE,,revenue_won,year,900000,redistribute,,2027-02-01",
        "+ae_senior_revenue,role,AE,senior,revenue_won,year,1300000,redistribute,,2027-02-01",
        "+ae_demos_fy2028,role,AE,,demos_held,month,5.21,relieve,2027-02-01,",
        "+ae_senior_demos_fy2028,role,AE,senior,demos_held,month,4.63,relieve,2027-02-01,",
        "+ae_revenue_fy2028,role,AE,,revenue_won,year,312000,redistribute,2027-02-01,",
        "+ae_senior_revenue_fy2028,role,AE,senior,revenue_won,year,451000,redistribute,2027-02-01,",
    ]
    assert len(changes) == 4
    others = {path.name for path in company.seeds_dir.iterdir()} - {"goals.csv"}
    demo = Settings().seeds_dir
    assert all((company.seeds_dir / n).read_bytes() == (demo / n).read_bytes() for n in others)


def test_goals_of_the_planned_year_are_not_written_twice(company: Settings) -> None:
    plan = make_plan(company, "AE", 1_000_000)
    write_goals(company, plan)
    before = goals_of(company)
    with pytest.raises(ConfigError, match="line 22: goal 'ae_demos_fy2028' starts on 2027-02-01"):
        write_goals(company, plan)
    assert goals_of(company) == before


def test_a_metric_without_a_goal_gets_one_and_windows_line_ends_stay(company: Settings) -> None:
    path = company.seeds_dir / "goals.csv"
    kept = [line for line in goals_of(company).splitlines() if "demos_held,month,1" not in line]
    path.write_bytes(("\N{ZERO WIDTH NO-BREAK SPACE}" + "\r\n".join(kept)).encode())
    write_goals(company, make_plan(company, "AE", 1_000_000, probability=0.5))
    text = goals_of(company)
    assert "ae_demos_held_fy2028,role,AE,,demos_held,month,5.21,relieve,2027-02-01,\r\n" in text
    assert text.count("\n") == text.count("\r\n")
    assert check_policy(company) == []


def test_a_policy_with_errors_is_left_alone(company: Settings) -> None:
    path = company.seeds_dir / "goals.csv"
    path.write_text(goals_of(company) + "bad,role,nobody,,dials,day,1,relieve,,\n")
    before = goals_of(company)
    with pytest.raises(ConfigError, match="Mend the policy first"):
        write_goals(company, make_plan(company, "AE", 1_000_000))
    assert goals_of(company) == before
