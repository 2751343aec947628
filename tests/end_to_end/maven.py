"""The Maven sample as a company of its own, in a copy of the project."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.core.settings import REPOSITORY
from tests.processes import run


def copy_project(project: Path) -> Path:
    """Copy what a refresh needs, with the policy of Maven's CRM."""
    leave_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project"):
        shutil.copytree(REPOSITORY / folder, project / folder, ignore=leave_out)
    shutil.copy(REPOSITORY / "pyproject.toml", project)
    policy = REPOSITORY / "docs/examples/maven_salesforce/policy"
    shutil.copytree(policy, project / "dbt_project/seeds/maven")
    return project


def run_scorecard(
    project: Path, environment: Mapping[str, str], *arguments: str
) -> tuple[int | None, str]:
    """Run the command for Maven, with no other settings than these."""
    return run(project, {"SCORECARD_COMPANY": "maven", **environment}, *arguments)


def refresh(project: Path, environment: Mapping[str, str], *options: str) -> str:
    """Refresh as of the end of the sample; what was said, with progress."""
    arguments = ("refresh", "--as-of", "2017-12-31", "--no-reports", *options)
    code, output = run_scorecard(project, environment, *arguments)
    assert code == 0, output
    return output


def figures(project: Path) -> tuple[object, ...]:
    """Reps with a scorecard, deals won and lost, revenue; as docs/maven.md says them."""
    path = project / "data/maven/published/current/scorecard.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            """
            select
                count(distinct rep_id),
                cast(sum(actual) filter (metric_id = 'deals_won') as bigint),
                cast(sum(actual) filter (metric_id = 'deals_lost') as bigint),
                cast(sum(actual) filter (metric_id = 'revenue_won') as bigint)
            from marts.scorecard_rep_metrics
            where period_type = 'year' and is_current
            """
        ).fetchall()[0]
