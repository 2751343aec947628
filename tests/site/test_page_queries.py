"""Every query of every page runs on native DuckDB and yields the columns its component reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import REPOSITORY
from orchestration.site.data import read_sources

REPORTS = REPOSITORY / "reports"
PAGES = sorted((REPORTS / "pages").rglob("*.md"))
PARAMS = {"rep_id": "r04", "team": "North", "metric_id": "dials"}
# the engine in the browser would ask the internet for an extension
FORBIDDEN = re.compile(
    r"current_date|current_timestamp|\btoday\(|\bnow\(|\btimezone\(|::\s*json", re.I
)

# component, the variable of a row in it, the queries whose rows it gets
READERS = [
    ("Leaderboard", "rep", ["index.md reps", "teams/[team].md reps"]),
    ("LevelSummary", "rep", ["index.md reps", "teams/[team].md reps"]),
    ("RepHeader", "rep", ["reps/[rep_id]/index.md rep"]),
    ("RepHeader", "score", ["reps/[rep_id]/index.md score"]),
    ("MetricCard", "row", ["reps/[rep_id]/index.md metrics"]),
    ("TrendChart", "week", ["reps/[rep_id]/index.md weekly", "teams/[team].md weekly"]),
    ("MetricList", "metric", ["metrics/index.md metrics"]),
    ("MetricReps", "rep", ["metrics/[metric_id].md reps"]),
    ("GoalList", "goal", ["metrics/[metric_id].md goals"]),
    ("Diagnosis", "result", ["reps/[rep_id]/why.md results"]),
    ("Diagnosis", "row", ["reps/[rep_id]/why.md factors"]),
    ("RevenuePlan", "row", ["plan.md plan"]),
    ("RevenuePlan", "result", ["plan.md plan"]),
    ("GoalFactors", "row", ["reps/[rep_id]/goal.md goal_days"]),
    ("ComparisonCards", "row", ["reps/[rep_id]/compare.md comparisons"]),
    ("GoalQualityList", "goal", ["goals.md goals"]),
    ("ScorecardShapes", "card", ["goals.md scorecards"]),
    ("OneOnOne", "sheet", ["reps/[rep_id]/one-on-one.md sheets"]),
    ("OneOnOne", "line", ["reps/[rep_id]/one-on-one.md metrics"]),
    ("OneOnOne", "agreement", ["reps/[rep_id]/one-on-one.md agreements"]),
    ("SeasonChart", "row", ["seasonality.md seasons"]),
    ("LeadList", "lead", ["reps/[rep_id]/leads.md leads"]),
    ("LeadQuality", "row", ["leads.md quality"]),
    ("LeadAttributes", "value", ["leads.md attributes"]),
    ("FocusShare", "focus", ["reps/[rep_id]/leads.md focus"]),
    ("FocusList", "focus", ["leads.md reps"]),
    ("ReliabilityChart", "chance", ["projections.md chances"]),
    ("CoverageTable", "row", ["projections.md coverage"]),
    ("LeadingAudit", "row", ["leading.md audit"]),
    ("CheckList", "check", ["data-quality.md checks"]),
    ("RecordAccounts", "table", ["data-quality.md accounts"]),
    ("RecordAccounts", "one", ["data-quality.md excluded"]),
    ("ReleaseFacts", "release", ["data-quality.md release"]),
    ("HistoryView", "metric", ["reps/[rep_id]/history.md history"]),
    ("HistoryView", "change", ["reps/[rep_id]/history.md restatements"]),
    (
        "DataNotice",
        "signal",
        ["reps/[rep_id]/index.md signals", "teams/[team].md signals", "data-quality.md signals"],
    ),
]
# a card shows what its row has: these belong to a team's row, not to a rep's
OPTIONAL = {("MetricCard", "unassigned_actual"), ("MetricCard", "actual_with_goal")}


def queries_of(page: Path) -> Iterator[tuple[str, str]]:
    """Name and SQL of each query of a page, with sample values for what the reader chose."""
    for name, sql in re.findall(r"^```sql (\w+)\n(.*?)^```$", page.read_text(), re.S | re.M):
        sql = re.sub(r"\$\{params\.(\w+)[^}]*\}", lambda match: PARAMS[match.group(1)], sql)
        yield name, sql.replace("${inputs.period}", "month")


def layout_queries() -> dict[str, str]:
    """The queries of every page: the as-of line, the statuses and the period types."""
    queries = re.findall(r"sql`(.*?)`", (REPORTS / "pages" / "+layout.svelte").read_text(), re.S)
    return {f"layout {number}": sql for number, sql in enumerate(queries, start=1)}


QUERIES = {
    f"{page.relative_to(REPORTS / 'pages').as_posix()} {name}": sql
    for page in PAGES
    for name, sql in queries_of(page)
} | layout_queries()


@pytest.fixture(scope="module")
def site(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of the data folder, as the select of each source yields them."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}' as published (read_only)")
        connection.execute("create schema scorecard")
        for source in read_sources(REPORTS / "sources"):
            connection.execute("set search_path = 'published.marts'")
            connection.execute(f"create table memory.scorecard.{source.table} as {source.sql}")
        connection.execute("set search_path = 'memory.scorecard'")
        connection.execute(
            "create table company as select 'Example' as company_name, 'EUR' as currency,"
            " '19 Nov 2026 06:00 (Europe/Berlin)' as refreshed_at"
            ", 'everything' as sees, '' as reader"
        )
        yield connection


@pytest.mark.parametrize("query", QUERIES)
def test_query_runs_and_finds_rows(site: duckdb.DuckDBPyConnection, query: str) -> None:
    assert site.sql(QUERIES[query]).fetchall(), f"{query} finds nothing in the sample release"


@pytest.mark.parametrize("query", QUERIES)
def test_query_needs_no_extension(query: str) -> None:
    assert not FORBIDDEN.search(QUERIES[query])
    assert "${" not in QUERIES[query]


@pytest.mark.parametrize(("component", "variable", "queries"), READERS)
def test_query_has_the_columns_that_its_component_reads(
    site: duckdb.DuckDBPyConnection, component: str, variable: str, queries: list[str]
) -> None:
    text = (REPORTS / "components" / f"{component}.svelte").read_text()
    read = set(re.findall(rf"\b{variable}\.([a-z_0-9]+)\b(?!\()", text))
    assert read
    for query in queries:
        missing = read - set(site.sql(QUERIES[query]).columns)
        assert {name for name in missing if (component, name) not in OPTIONAL} == set()


def test_sources_are_bare_selects() -> None:
    """No measure is computed on the way to the pages: that belongs in a mart."""
    for source in read_sources(REPORTS / "sources"):
        code = re.sub(r"--.*", "", source.sql).lower()
        assert code.lstrip().startswith("select"), source.table
        assert not re.search(r"\bjoin\b|\bgroup by\b|\bsum\(|\bavg\(|\bunion\b|/", code), (
            source.table
        )
        assert not FORBIDDEN.search(code), source.table


def test_a_partitioned_source_is_ordered_by_its_partitions() -> None:
    """Each run of equal values becomes a stream: a value that came back would replace its first."""
    for source in read_sources(REPORTS / "sources"):
        if source.partitioned_by:
            assert re.search(rf"\border by {source.partitioned_by}\b", source.sql), source.table


def test_pages_that_read_a_partitioned_table_ask_for_one_value() -> None:
    partitioned = {s.table: s.partitioned_by for s in read_sources(REPORTS / "sources")}
    for query, sql in QUERIES.items():
        for table, column in partitioned.items():
            if column and re.search(rf"\bfrom {table}\b", sql):
                assert re.search(rf"\b{column}\s*=\s*'", sql), query
