"""dbt as people run it by hand: in its folder, with the warehouse of the last refresh."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dbt.conftest import AS_OF, Company

DBT = Path(sys.executable).with_name("dbt")


def dbt_by_hand(company: Company, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt where no variable says a day; only the company and its warehouse are named."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DBT_", "SCORECARD_"))
    }
    return subprocess.run(
        [DBT, *arguments],
        cwd=company.settings.dbt_project_dir,
        env=environment
        | {
            "SCORECARD_COMPANY": company.settings.company,
            "SCORECARD_WAREHOUSE": str(company.settings.warehouse_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_by_hand_the_days_are_those_of_the_last_build(built: Company, tmp_path: Path) -> None:
    company = built.copy(tmp_path)
    before = company.rows("select * from marts.scorecard_reps order by all")
    # goals are due the day before: nothing but the warehouse knows
    company.execute(
        "create or replace view intermediate.int_refresh_days as select"
        f" date '{AS_OF}' as as_of_date, date '{AS_OF}' - 1 as goals_due_date"
    )
    ran = dbt_by_hand(company, "build", "-s", "scorecard_reps", "int_refresh_days")
    assert ran.returncode == 0, ran.stdout
    assert company.rows("select * from marts.scorecard_reps order by all") == before
    assert company.rows(
        f"select as_of_date = '{AS_OF}', as_of_date - goals_due_date"
        " from intermediate.int_refresh_days"
    ) == [(True, 1)]


@pytest.mark.slow
def test_by_hand_a_warehouse_that_was_never_built_says_what_to_do(
    company: Company, tmp_path: Path
) -> None:
    empty = company.copy(tmp_path)
    empty.execute("drop schema if exists intermediate cascade")
    ran = dbt_by_hand(empty, "compile", "-s", "int_windows")
    assert ran.returncode != 0
    assert "Run `scorecard refresh` first, or set SCORECARD_AS_OF_DATE" in ran.stdout
