"""The queries of docs/bi.md through SQLAlchemy, and what dbt knows of the pages."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy
import yaml

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.readers.scorecard import read_scorecard
from orchestration.site.data import read_sources
from tests.benchmarks.bi import QUESTIONS, tables
from tests.site.conftest import AS_OF, REPS, publish_sample

PAGES = REPOSITORY / "reports" / "pages"
MARTS = {path.stem for path in (REPOSITORY / "dbt_project/models/marts").rglob("*.sql")}


@pytest.fixture(scope="module")
def company(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A company that has published the sample release."""
    settings = replace(Settings(), data_dir=tmp_path_factory.mktemp("data"))
    publish_sample(settings, published)
    return settings


@pytest.fixture(scope="module")
def answers(company: Settings) -> dict[str, list[dict[str, Any]]]:
    """The rows of each question, read as a BI tool reads them."""
    text = (REPOSITORY / "docs/bi.md").read_text()
    (url,) = re.findall(r"duckdb:///\S+read_only", text)
    there = "/opt/scorecard/data/acme/published"
    assert there in url
    engine = sqlalchemy.create_engine(url.replace(there, str(company.published_dir)))
    try:
        with engine.connect() as connection:
            return {
                question: [dict(row) for row in connection.exec_driver_sql(sql).mappings()]
                for question, sql in QUESTIONS
            }
    finally:
        engine.dispose()


def test_there_are_ten_questions_and_each_has_an_answer(
    answers: dict[str, list[dict[str, Any]]],
) -> None:
    assert len(answers) == 10
    assert all(answers.values())


def test_the_answers_are_what_the_command_says(
    company: Settings, answers: dict[str, list[dict[str, Any]]]
) -> None:
    standing, misses, weekly, outlook, *_ = answers.values()
    for rep_id, name, *_ in REPS:
        said = read_scorecard(company, rep_id, "month").as_json()
        metrics = {metric["metric_name"]: metric for metric in said["metrics"]}
        (row,) = [row for row in standing if row["rep_name"] == name]
        assert row["score"] == said["score"]["score"]
        assert row["rank_in_role"] == said["score"]["rank_in_role"]
        for rows, names in (
            (misses, ("actual", "goal_to_date", "attainment", "status")),
            (outlook, ("projection", "projection_low", "goal_probability")),
        ):
            for row in (row for row in rows if row["rep_name"] == name):
                metric = metrics[row["metric_name"]]
                assert [row[key] for key in names] == [metric[key] for key in names]
        needed = {"needs_intervention", "watch"}
        assert {row["metric_name"] for row in misses if row["rep_name"] == name} == {
            metric for metric, figures in metrics.items() if figures["status"] in needed
        }
        week = read_scorecard(company, rep_id, "week").as_json()
        for metric in (metric for metric in week["metrics"] if metric["metric_id"] == "dials"):
            last = [row for row in weekly if row["rep_id"] == rep_id][-1]
            assert (last["actual"], last["attainment"]) == (metric["actual"], metric["attainment"])


def test_the_teams_are_the_sums_of_their_reps(answers: dict[str, list[dict[str, Any]]]) -> None:
    teams = list(answers.values())[4]
    assert {row["team"] for row in teams} == {"North", "South", "West"}
    for row in teams:
        if row["attainment"] is not None and row["metric_name"] == "Dials":
            expected = row["actual_with_goal"] / row["goal_to_date"]
            assert row["attainment"] == pytest.approx(expected)


def test_the_other_answers_agree_with_the_first(
    company: Settings, answers: dict[str, list[dict[str, Any]]]
) -> None:
    standing, _, _, _, _, leaders, stands, results, scores, due = answers.values()
    counted = Counter((row["team"], row["status"]) for row in standing)
    assert {(row["team"], row["status"]): row["reps"] for row in stands} == counted
    this_month = max(row["period_start"] for row in scores)
    assert {(r["rep_name"], r["score"]) for r in scores if r["period_start"] == this_month} == {
        (row["rep_name"], row["score"]) for row in standing
    }
    assert len({row["period_start"] for row in scores}) == 4
    for row in (row for row in leaders if row["rank_in_role"] == 1):
        (rep_id,) = [rep_id for rep_id, name, *_ in REPS if name == row["rep_name"]]
        said = read_scorecard(company, rep_id, "quarter").as_json()["score"]
        assert (row["score"], 1) == (said["score"], said["rank_in_role"])
    assert {row["role"] for row in leaders} == {row["role"] for row in standing if row["score"]}
    assert {row["metric_name"] for row in results} == {"Deals won", "Revenue won"}
    for row in (row for row in results if row["attainment"] is not None):
        assert row["attainment"] == pytest.approx(row["actual_with_goal"] / row["goal_to_date"])
    assert {row["date_day"] for row in due} == {AS_OF + dt.timedelta(n) for n in range(1, 8)}
    assert {row["role"] for row in due} == {"SDR", "AE"}
    assert sum(row["dials"] for row in due) > 0


def test_the_benchmark_asks_each_question(company: Settings) -> None:
    measured = tables(company.published_dir / "current" / "scorecard.duckdb", runs=2)
    assert [question for question, _ in QUESTIONS] == re.findall(r"^\| (.*?\?) \|", measured, re.M)


def test_the_metrics_of_the_semantic_layer_are_those_of_the_mart(company: Settings) -> None:
    text = (REPOSITORY / "dbt_project/models/marts/_semantic.yml").read_text()
    definitions = yaml.safe_load(text)
    (model,) = definitions["semantic_models"]
    columns = {d["name"]: d.get("expr", d["name"]) for d in model["dimensions"] + model["measures"]}
    aggregations = {measure["name"]: measure["agg"] for measure in model["measures"]}
    sums = []
    for metric in definitions["metrics"]:
        if metric["type"] == "simple":
            measure = metric["type_params"]["measure"]
            assert aggregations[measure] in ("sum", "count_distinct")
            function = "sum(" if aggregations[measure] == "sum" else "count(distinct "
            condition = re.sub(
                r"{{ Dimension\('rep_month__(\w+)'\) }}",
                lambda found: f"({columns[found[1]]})",
                metric["filter"],
            )
            sums.append(
                f"{function}{columns[measure]}) filter (where {condition}) as {metric['name']}"
            )
    ratios = [
        "{numerator} / nullif({denominator}, 0) as {name}".format(
            name=metric["name"], **metric["type_params"]
        )
        for metric in definitions["metrics"]
        if metric["type"] == "ratio"
    ]
    database = company.published_dir / "current" / "scorecard.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(f"select {', '.join(columns.values())} from marts.scorecard_rep_metrics")
        connection.execute(
            "create temp table asked as with summed as (select rep_id, metric_id, period_start as"
            f" month, {', '.join(sums)} from marts.scorecard_rep_metrics group by all)"
            f" select *, {', '.join(ratios)} from summed"
        )
        rows = connection.execute(
            "select aggregation, is_higher_better, mart.attainment, asked.attainment, mart.actual,"
            " asked.actual, rate, status, reps_needing_intervention"
            " from marts.scorecard_rep_metrics as mart join asked on mart.rep_id = asked.rep_id"
            " and mart.metric_id = asked.metric_id and period_start = month"
            " where period_type = 'month'"
        ).fetchall()
    assert {row[0] for row in rows} == {"count", "sum", "ratio", "mean"}
    for aggregation, higher, attainment, asked, actual, total, rate, status, reps in rows:
        is_additive = aggregation in ("count", "sum")
        assert asked == (pytest.approx(attainment) if is_additive and higher else None)
        assert total == (pytest.approx(actual) if is_additive else None)
        assert rate == (None if is_additive else pytest.approx(actual))
        assert reps == (status == "needs_intervention")


def marts_of(page: Path) -> set[str]:
    """The marts from which the tables that a page reads are selected."""
    text = page.read_text()
    sources = [s for s in read_sources(PAGES.parent / "sources")
               if re.search(rf"\b(?:from|join) {s.table}\b", text)]  # fmt: skip
    read = {name for s in sources for name in re.findall(r"\bfrom (\w+)", s.sql)}
    return read & MARTS


def test_each_page_is_an_exposure_of_what_it_reads() -> None:
    text = (REPOSITORY / "dbt_project/models/_exposures.yml").read_text()
    declared = {
        exposure["config"]["meta"]["page"]: set(
            re.findall(r"ref\('(\w+)'\)", str(exposure["depends_on"]))
        )
        for exposure in yaml.safe_load(text)["exposures"]
    }
    pages = {page.relative_to(PAGES).as_posix(): marts_of(page) for page in PAGES.rglob("*.md")}
    assert declared == pages
