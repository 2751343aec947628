"""Real exports through the documented steps, against plain SQL over the same files.

Each company is set up in a copy of the project as docs/maven.md says: `scorecard init`, copy the
files, `scorecard refresh`. The samples are not part of the repository: SCORECARD_SHARED_DATA, or
`shared/data` beside the repository, has them.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.core.settings import REPOSITORY
from tests.processes import run

SHARED = Path(
    os.environ.get("SCORECARD_SHARED_DATA") or REPOSITORY.parent / "shared" / "data"
).resolve()
MAVEN = SHARED / "maven_crm"
SALESFORCE = SHARED / "maven_as_salesforce"
ADVENTURE_WORKS = SHARED / "adventureworks_quota"
ORACLE = SHARED.parent / "acceptance" / "rules_oracle.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def needs(*paths: Path) -> pytest.MarkDecorator:
    """Skip, and say why, where a sample is absent."""
    absent = [str(path) for path in paths if not path.exists()]
    reason = f"public sample data, no part of the project, is not beside it: {', '.join(absent)}"
    return pytest.mark.skipif(bool(absent), reason=reason)


@dataclass(frozen=True)
class Company:
    """A company that was refreshed in a copy of the project."""

    project: Path
    name: str

    @property
    def data(self) -> Path:
        """Everything of the company that is not policy."""
        return self.project / "data" / self.name

    @property
    def published(self) -> Path:
        """What readers open."""
        return self.data / "published" / "current" / "scorecard.duckdb"

    def marts(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the published tables."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            connection.execute("use marts")
            return connection.execute(sql).fetchall()

    def warehouse(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the working warehouse."""
        with duckdb.connect(str(self.data / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


def scorecard(project: Path, *arguments: str) -> None:
    """Run the command line of a copy of the project."""
    code, output = run(project, {}, *arguments)
    assert code == 0, output


def refreshed(project: Path, name: str, exports: Path, as_of: str) -> Company:
    """Set a company up from its example, copy its exports, refresh."""
    leave_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project", "docs/examples"):
        shutil.copytree(REPOSITORY / folder, project / folder, ignore=leave_out)
    shutil.copy(REPOSITORY / "pyproject.toml", project)
    scorecard(project, "init", name, "--from", f"docs/examples/{name}")
    company = Company(project, name)
    for path in exports.glob("*.csv"):
        shutil.copyfile(path, company.data / "files" / "exports" / path.name)
    scorecard(project, "refresh", "--company", name, "--as-of", as_of, "--no-reports")
    return company


@pytest.fixture(scope="module")
def maven(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return refreshed(tmp_path_factory.mktemp("project"), "maven", MAVEN, "2017-12-31")


@pytest.fixture(scope="module")
def salesforce(tmp_path_factory: pytest.TempPathFactory) -> Company:
    project = tmp_path_factory.mktemp("project")
    return refreshed(project, "maven_salesforce", SALESFORCE, "2017-12-31")


@pytest.fixture(scope="module")
def adventure_works(tmp_path_factory: pytest.TempPathFactory) -> Company:
    project = tmp_path_factory.mktemp("project")
    return refreshed(project, "adventureworks", ADVENTURE_WORKS, "2014-05-31")


@pytest.fixture
def source() -> Iterator[duckdb.DuckDBPyConnection]:
    """The samples as tables, as they are."""
    tables = {
        "pipeline": MAVEN / "sales_pipeline.csv",
        "teams": MAVEN / "sales_teams.csv",
        "users": SALESFORCE / "User.csv",
        "deals": SALESFORCE / "Opportunity.csv",
        "quotas": ADVENTURE_WORKS / "sales_person_quota_history.csv",
        "sales_persons": ADVENTURE_WORKS / "sales_person.csv",
    }
    with duckdb.connect() as connection:
        for name, path in tables.items():
            if path.exists():
                connection.execute(f"create view {name} as select * from read_csv('{path}')")
        yield connection


# deals won, deals lost, revenue won, win rate of each agent, by name
Figures = dict[str, tuple[float, float, float, float | None]]


def figures(rows: list[tuple[Any, ...]]) -> Figures:
    """Rows of (name, won, lost, revenue) with the win rate of those that closed a deal."""
    return {
        name: (won, lost, revenue, won / (won + lost) if won + lost else None)
        for name, won, lost, revenue in rows
    }


def expected_of_maven(source: duckdb.DuckDBPyConnection) -> Figures:
    """Each agent of sales_teams.csv, also without a deal."""
    return figures(
        source.execute(
            """
            select
                teams.sales_agent,
                count(*) filter (where pipeline.deal_stage = 'Won'),
                count(*) filter (where pipeline.deal_stage = 'Lost'),
                coalesce(sum(pipeline.close_value) filter (where pipeline.deal_stage = 'Won'), 0)
            from teams
            left join pipeline on teams.sales_agent = pipeline.sales_agent
            group by 1
            """
        ).fetchall()
    )


def expected_of_salesforce(source: duckdb.DuckDBPyConnection) -> Figures:
    """Each sales agent of User.csv, also without a deal."""
    return figures(
        source.execute(
            """
            select
                users.Name,
                count(*) filter (where deals.IsWon),
                count(*) filter (where deals.IsClosed and not deals.IsWon),
                coalesce(sum(deals.Amount) filter (where deals.IsWon), 0)
            from users
            left join deals on users.Id = deals.OwnerId
            where users.Title = 'Sales Agent'
            group by 1
            """
        ).fetchall()
    )


def published_figures(company: Company) -> Figures:
    """The same of the scorecards of 2017; all deals of the sample were closed in that year."""
    rows = company.marts(
        """
        select
            rep_name,
            max(actual) filter (where metric_id = 'deals_won'),
            max(actual) filter (where metric_id = 'deals_lost'),
            max(actual) filter (where metric_id = 'revenue_won'),
            max(actual) filter (where metric_id = 'win_rate')
        from scorecard_rep_metrics
        where period_type = 'year' and period_id = 'FY2017' and rep_id <> 'unassigned'
        group by 1
        """
    )
    return {name: (won, lost, revenue, rate) for name, won, lost, revenue, rate in rows}


def organisation(company: Company) -> dict[str, float]:
    """Actuals of 2017 of all teams by metric."""
    return dict(
        company.marts(
            """
            select metric_id, actual from scorecard_teams
            where team_scope = 'organisation' and period_type = 'year' and period_id = 'FY2017'
            """
        )
    )


# ------------------------------------------------------------------ Maven


@needs(MAVEN)
def test_maven_agents_have_exactly_the_figures_of_the_export(
    maven: Company, source: duckdb.DuckDBPyConnection
) -> None:
    expected = expected_of_maven(source)
    assert len(expected) == 35
    assert published_figures(maven) == expected


@needs(MAVEN)
def test_maven_totals_are_those_of_the_export(maven: Company) -> None:
    totals = organisation(maven)
    assert (totals["deals_won"], totals["deals_lost"]) == (4238, 2473)
    assert totals["revenue_won"] == 10_005_534
    assert totals["win_rate"] == 4238 / 6711


@needs(MAVEN)
def test_maven_agents_without_a_deal_appear_with_0(maven: Company) -> None:
    idle = {name for name, found in published_figures(maven).items() if found[:3] == (0, 0, 0)}
    assert idle == {
        "Carl Lin",
        "Carol Thompson",
        "Elizabeth Anderson",
        "Mei-Mei Johns",
        "Natalya Ivanova",
    }


@needs(MAVEN)
def test_maven_deals_of_a_product_on_no_price_list_are_kept(
    maven: Company, source: duckdb.DuckDBPyConnection
) -> None:
    unlisted = source.execute(
        "select opportunity_id from pipeline where product = 'GTXPro'"
    ).fetchall()
    assert len(unlisted) == 1480
    kept = maven.warehouse(
        "select opportunity_id from intermediate.int_crm__opportunities where amount is not null"
    )
    assert len(kept) == 8800
    assert set(unlisted) <= set(kept)


@needs(MAVEN)
def test_maven_attainment_of_yearly_goals(
    maven: Company, source: duckdb.DuckDBPyConnection
) -> None:
    managers = dict(source.execute("select sales_agent, manager from teams").fetchall())
    found = {
        (name, metric): (goal_to_date, goal_period, attainment)
        for name, metric, goal_to_date, goal_period, attainment in maven.marts(
            """
            select rep_name, metric_id, goal_to_date, goal_period, attainment
            from scorecard_rep_metrics
            where period_type = 'year' and period_id = 'FY2017'
                and metric_id in ('revenue_won', 'win_rate')
            """
        )
    }
    for name, (_, _, revenue, win_rate) in expected_of_maven(source).items():
        goal = 350_000 if managers[name] == "Rocco Neubert" else 320_000
        goal = 900_000 if name == "Darcel Schlecht" else goal
        wanted = (goal, goal, revenue / goal)
        assert found[name, "revenue_won"] == pytest.approx(wanted, rel=1e-9), name
        attained = None if win_rate is None else pytest.approx(win_rate / 0.6, rel=1e-9)
        assert found[name, "win_rate"][2] == attained, name


@needs(MAVEN)
def test_maven_attainment_of_quarterly_goals(
    maven: Company, source: duckdb.DuckDBPyConnection
) -> None:
    won = {
        (name, quarter): count
        for name, quarter, count in source.execute(
            """
            select sales_agent, 'FY2017-Q' || quarter(close_date), count(*) from pipeline
            where deal_stage = 'Won' group by 1, 2
            """
        ).fetchall()
    }
    found = maven.marts(
        """
        select rep_name, period_id, actual, goal_to_date, attainment from scorecard_rep_metrics
        where period_type = 'quarter' and metric_id = 'deals_won' and period_id like 'FY2017%'
        """
    )
    assert len(found) == 35 * 4
    for name, quarter, actual, goal, attainment in found:
        wanted = won.get((name, quarter), 0)
        assert actual == wanted, (name, quarter)
        assert (goal, attainment) == pytest.approx((36, wanted / 36), rel=1e-9), (name, quarter)


@needs(MAVEN)
def test_maven_agents_are_compared_with_the_other_agents_and_their_own_quarter_before(
    maven: Company, source: duckdb.DuckDBPyConnection
) -> None:
    won = {
        (name, quarter): count
        for name, quarter, count in source.execute(
            "select sales_agent, quarter(close_date), count(*) from pipeline"
            " where deal_stage = 'Won' group by 1, 2"
        ).fetchall()
    }
    found = maven.marts(
        """
        select rep_name, capacity_days, peer_median, peer_count, previous_value, last_year_value
        from scorecard_benchmarks
        where metric_id = 'deals_won' and period_id = 'FY2017-Q4'
        """
    )
    names = {row[0] for row in found}
    assert len(names) == 35
    ((days_before,),) = maven.marts(
        "select distinct capacity_days from scorecard_benchmarks where period_id = 'FY2017-Q3'"
    )
    for name, days, median, peers, before, last_year in found:
        others = [won.get((other, 4), 0) for other in names - {name}]
        assert (median, peers) == (pytest.approx(statistics.median(others)), 34), name
        assert before == pytest.approx(won.get((name, 3), 0) / days_before * days), name
        assert last_year is None  # the first deal was closed in March 2017


@needs(MAVEN)
def test_maven_has_no_goals_before_they_are_valid(maven: Company) -> None:
    rows = maven.marts(
        "select count(*), count(goal_period), count(attainment) from scorecard_rep_metrics"
        " where period_type = 'year' and period_id = 'FY2016'"
    )
    assert rows[0][0] > 0
    assert rows[0][1:] == (0, 0)


@needs(MAVEN, ORACLE)
def test_maven_agrees_with_the_independent_rules(maven: Company) -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(ORACLE)),
            *("--seeds", str(maven.project / "dbt_project" / "seeds" / "maven")),
            *("--files", str(maven.data / "files")),
            *("--published", str(maven.published)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "attainment" in done.stdout


# ------------------------------------------------------------------ Maven as Salesforce


@needs(SALESFORCE)
def test_salesforce_agents_have_exactly_the_figures_of_the_export(
    salesforce: Company, source: duckdb.DuckDBPyConnection
) -> None:
    expected = expected_of_salesforce(source)
    assert len(expected) == 35
    assert published_figures(salesforce) == expected


@needs(SALESFORCE, MAVEN)
def test_salesforce_gives_the_figures_of_maven(
    salesforce: Company, source: duckdb.DuckDBPyConnection
) -> None:
    assert published_figures(salesforce) == expected_of_maven(source)
    totals = organisation(salesforce)
    assert (totals["deals_won"], totals["revenue_won"]) == (4238, 10_005_534)


# ------------------------------------------------------------------ AdventureWorks quotas


@needs(ADVENTURE_WORKS)
def test_adventure_works_quotas_become_goals_and_none_is_lost(
    adventure_works: Company, source: duckdb.DuckDBPyConnection
) -> None:
    # the quarter whose first day is nearest to the day on which the quota was set
    expected = source.execute(
        """
        select
            cast(business_entity_id as varchar),
            (
                select first_day
                from range(date '2011-06-01', date '2015-01-01', interval 3 months)
                    as quarters (first_day)
                order by abs(epoch(first_day) - epoch(quota_date))
                limit 1
            )::date as quarter_start,
            sales_quota
        from quotas
        """
    ).fetchall()
    found = adventure_works.marts("select scope_value, valid_from, goal from dim_goals")
    assert len(found) == 163
    assert sorted(found) == sorted(expected)
    assert sum(goal for _, _, goal in found) == 95_714_000
    assert adventure_works.marts(
        "select distinct scope, metric_id, period, timing, source from dim_goals"
    ) == [("rep", "revenue_won", "quarter", "redistribute", "files")]


@needs(ADVENTURE_WORKS)
def test_adventure_works_goals_of_a_rep_follow_each_other_without_gap(
    adventure_works: Company,
) -> None:
    found = adventure_works.marts(
        """
        select scope_value, valid_from, valid_to, lead(valid_from) over (
            partition by scope_value order by valid_from
        ) as next_from
        from dim_goals
        """
    )
    assert all(next_from in (valid_to, None) for _, _, valid_to, next_from in found)
    assert len([row for row in found if row[3] is None]) == 17


@needs(ADVENTURE_WORKS)
def test_adventure_works_daily_goals_add_up_to_each_quota(adventure_works: Company) -> None:
    """The fiscal years with sales, 2013 and 2014, are spread: 55 and 68 quotas."""
    found = adventure_works.marts(
        """
        select dim_goals.goal_id, any_value(dim_goals.goal), sum(fct_goals_daily.full_goal)
        from fct_goals_daily
        inner join dim_goals on fct_goals_daily.goal_id = dim_goals.goal_id
        where dim_goals.valid_from >= '2012-06-01'
        group by 1
        """
    )
    assert len(found) == 55 + 68
    for goal_id, goal, full_goal in found:
        assert full_goal == pytest.approx(goal, rel=1e-9), goal_id


@needs(ADVENTURE_WORKS)
def test_adventure_works_people_hired_in_a_year_start_with_their_first_quota(
    adventure_works: Company,
) -> None:
    """Rep 284 was hired on 2012-09-30; the first quota is that of the quarter from September."""
    days = adventure_works.marts(
        """
        select date_day >= '2012-09-01', date_day >= '2012-09-30', count(goal_id),
            sum(full_goal), sum(daily_goal)
        from fct_goals_daily
        where rep_id = '284' and date_day between '2012-06-01' and '2012-11-30'
        group by 1, 2 order by 1, 2
        """
    )
    before, unemployed, employed = (row[2:] for row in days)
    assert before == (0, None, None)
    assert (unemployed[0], unemployed[2]) == (29, 0)
    assert employed[0] == 62
    assert employed[1] == pytest.approx(employed[2], rel=1e-12)
    # Northwest is on the calendar of the United States: Labour Day is before the hire, Columbus
    # Day, Veterans Day and Thanksgiving are after it; 2012-09-01 is a Saturday
    assert unemployed[1] / (unemployed[1] + employed[1]) == pytest.approx(19 / (19 + 42), rel=1e-9)


@needs(ADVENTURE_WORKS)
def test_adventure_works_attainment_is_the_years_sales_over_its_quotas(
    adventure_works: Company, source: duckdb.DuckDBPyConnection
) -> None:
    expected = source.execute(
        """
        select cast(business_entity_id as varchar), sales_ytd, sum(quotas.sales_quota)
        from sales_persons
        inner join quotas using (business_entity_id)
        where quotas.quota_date >= '2013-05-30'
        group by 1, 2
        """
    ).fetchall()
    found = {
        rep_id: figures
        for rep_id, *figures in adventure_works.marts(
            """
            select rep_id, actual, goal_to_date, attainment from scorecard_rep_metrics
            where period_type = 'year' and is_current and rep_id <> 'unassigned'
            """
        )
    }
    assert len(expected) == len(found) == 17
    # nobody is judged by days before the first record of the team: one began within the year
    judged = adventure_works.marts(
        "select rep_id, judged_goal, team from scorecard_rep_metrics where period_type = 'year'"
        " and is_current and rep_id <> 'unassigned' and judged_goal < goal_to_date - 0.01"
    )
    assert len({team for *_, team in judged}) == 1
    goals = {rep_id: goal for rep_id, goal, _ in judged}
    assert goals.keys() == {"285", "286"}
    for rep_id, sales, quotas in expected:
        wanted = (sales, quotas, sales / goals.get(rep_id, quotas))
        assert found[rep_id] == pytest.approx(wanted, rel=1e-9), rep_id
