"""An incremental build gives what a build from scratch gives, and policy needs no code."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestration.transform import dbt_runner
from tests.dbt.conftest import AS_OF, Company

MODELS_ONLY = ("--resource-type", "seed", "--resource-type", "model")

# added, moved to another month, corrected, deleted; March loses everything
CHANGES = """
    insert into raw_files.activities by name
    select 'new' as activity_id, 'caller' as rep_id, 'call' as activity_type,
        'outbound' as direction, '2026-08-01T02:00:00Z' as occurred_at, 'false' as _is_deleted;
    update raw_files.activities set occurred_at = '2026-09-10T12:00:00Z' where activity_id = 'a1';
    update raw_files.activities set outcome = 'connected'
    where occurred_at between '2026-05-12' and '2026-05-13';
    update raw_files.activities set _is_deleted = 'true' where occurred_at like '2026-03%';
    insert into raw_files._changed_months
    select 'activities', unnest([
        date '2026-01-01', date '2026-03-01', date '2026-05-01', date '2026-07-01',
        date '2026-08-01', date '2026-09-01'
    ]);
"""


def _everything(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    tables = company.rows(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema = 'marts' or table_name in ('int_activities__counted_daily',"
        " 'int_activities__late', 'int_activities__recent') order by 1"
    )
    return {
        name: [tuple(map(_rounded, row)) for row in company.rows(f"from {name} order by all")]
        for (name,) in tables
    }


def _rounded(value: Any) -> Any:
    """Sums of doubles depend on the order in which two threads add them up."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


@pytest.mark.slow
def test_an_incremental_build_equals_a_full_one_row_for_row(built: Company, tmp_path: Path) -> None:
    company = built.copy(tmp_path)
    before = _everything(company)
    company.execute(CHANGES)
    company.build(*MODELS_ONLY)
    incremental = _everything(company)
    company.build(*MODELS_ONLY, "--full-refresh")
    assert incremental == _everything(company)
    counted = incremental["intermediate.int_activities__counted_daily"]
    assert counted != before["intermediate.int_activities__counted_daily"]
    assert not [row for row in counted if str(row[1]).startswith("2026-03")]
    # 02:00 UTC on 1 August is still July in New York
    assert any(row[0] == "caller" and str(row[1]) == "2026-07-31" for row in counted)


# what may happen between two refreshes: SQL over raw, and the days until the next one
STEPS = {
    "a_day_passes": (
        "insert into raw_files.activities by name select 'x1' as activity_id,"
        " 'caller' as rep_id, 'call' as activity_type, 'outbound' as direction,"
        " '2026-12-30T15:00:00Z' as occurred_at, '2026-12-31T09:00:00Z' as created_at,"
        " '2027-01-01T02:00:00Z' as _modified_at, 'false' as _is_deleted;"
        " insert into raw_files._changed_months values ('activities', '2026-12-01')",
        1,
    ),
    "leave_in_the_past_and_a_late_deal_on_the_same_day": (
        "insert into raw_files.time_off by name select 'caller' as rep_id,"
        " '2026-04-06' as start_date, '2026-04-17' as end_date, 'false' as _is_deleted;"
        " update raw_files.opportunities set amount = '1500' where opportunity_id = 'd1'",
        0,
    ),
    "the_day_goes_back_after_a_new_role_and_a_new_goal": (
        "insert into raw_files.reps by name select 'caller' as rep_id, 'caller' as rep_name,"
        " 'AE' as role, 'North' as team, '2026-05-04' as valid_from, 'false' as _is_deleted;"
        " update raw_files.activities set _is_deleted = 'true' where occurred_at like '2026-02%';"
        " insert into raw_files._changed_months values ('activities', '2026-02-01');"
        # a load before all others makes those late
        " insert into raw_files.activities by name select 'x2' as activity_id,"
        " 'caller' as rep_id, 'call' as activity_type, '2026-02-03T15:00:00Z' as occurred_at,"
        " '2026-02-04T02:00:00Z' as _modified_at, 'false' as _is_deleted",
        -40,
    ),
}


@contextmanager
def _set_aside(path: Path) -> Iterator[None]:
    """Put a file back as it was at the end of the block."""
    kept = path.with_suffix(".kept")
    shutil.copyfile(path, kept)
    yield
    kept.replace(path)


@pytest.mark.slow
@pytest.mark.timeout(900)  # it builds some twenty times
def test_a_refresh_equals_a_full_one_whatever_changed(built: Company, tmp_path: Path) -> None:
    company = built.copy(tmp_path)
    project = dbt_runner.parse(company.settings)
    log = dbt_runner.target_dir(company.settings) / "dbt.log"

    def refresh(as_of: dt.date, *, full: bool = False) -> dbt_runner.DbtRun:
        """Build as the job does, with the node cache."""
        run = dbt_runner.build(company.settings, project, as_of, full=full)
        run.raise_for_errors()
        company.execute("delete from raw_files._changed_months")
        return run

    as_of = AS_OF - dt.timedelta(days=2)
    first = refresh(as_of, full=True)
    for name, (sql, days) in STEPS.items():
        company.execute(sql)
        if name.endswith("a_new_goal"):
            company.add_policy(
                "goals", goal_id="promoted_demos", scope="rep", scope_value="promoted",
                metric_id="demos_held", period="month", goal="30", timing="redistribute",
            )  # fmt: skip
        as_of += dt.timedelta(days=days)
        if name != "a_day_passes":
            # part of another day, a model by hand and a table from stale ones leave no trace
            some = ["--select", "+int_seasonal_indices"]
            other = as_of - dt.timedelta(days=400)
            dbt_runner.build(company.settings, project, other, selection=some)
            company.dbt("run", "--select", "int_rep_days", as_of=other)
            alone = ["--select", "scorecard_reps"]
            dbt_runner.build(company.settings, project, as_of, selection=alone)
            # nor does a refresh of a day before that was broken off
            company.execute("insert into raw_files.opportunities from raw_files.opportunities")
            earlier = as_of - dt.timedelta(days=70)
            assert dbt_runner.build(company.settings, project, earlier).errors
            company.execute(
                "create or replace table raw_files.opportunities as"
                " select distinct * from raw_files.opportunities"
            )
        refresh(as_of)
        ours, said = _everything(company), log.read_text(encoding="utf-8")
        if name == "a_day_passes":
            (goals,) = [line for line in said.splitlines() if "marts.fct_goals_daily ." in line]
            assert "UNCHANGED" in goals
            assert "config.goals" not in said
        with _set_aside(company.settings.warehouse_path):
            refresh(as_of, full=True)
            assert ours == _everything(company), name
    again = refresh(as_of)
    assert log.read_text(encoding="utf-8") == ""  # nothing changed: nothing was built
    assert sorted(c.check_name for c in again.checks) == sorted(c.check_name for c in first.checks)
    assert len(again.events) == len(first.events)
    assert _everything(company) == ours


@pytest.mark.slow
def test_a_metric_on_a_known_event_is_one_row_of_policy(built: Company, tmp_path: Path) -> None:
    company = built.copy(tmp_path)
    company.add_policy(
        "metrics", metric_id="calls_made", metric_name="Calls made", metric_kind="leading",
        unit="count", aggregation="count", event_type="dial", is_higher_better="true",
        sort_order="999", description="As many as dials",
    )  # fmt: skip
    company.add_policy(
        "scorecard_metrics", role="SDR", metric_id="calls_made", metric_kind="leading",
        weight="1", sort_order="9",
    )  # fmt: skip
    outcomes = company.build(*MODELS_ONLY)
    assert not [said for said in outcomes.values() if not said.startswith("success")]
    sql = """
        select sum(actual) from marts.scorecard_rep_metrics
        where rep_id = 'caller' and metric_id = '{}' and period_id = 'FY2026'
    """
    calls = company.rows(sql.format("calls_made"))
    assert calls == company.rows(sql.format("dials"))
    assert calls[0][0] == 3 * 261
    assert company.rows("select 1 from marts.dim_metrics where metric_id = 'calls_made'") == [(1,)]


def test_a_build_leaves_the_seeds_as_they_were(built: Company) -> None:
    from orchestration.core.settings import Settings

    ours = Settings().dbt_project_dir / "seeds" / "demo"
    theirs = built.settings.dbt_project_dir / "seeds" / "demo"
    for path in ours.iterdir():
        assert (theirs / path.name).read_bytes() == path.read_bytes()
    assert {path.suffix for path in built.settings.seeds_dir.iterdir()} == {".csv"}
    assert built.rows("select count(*) from config.goals") == [(4,)]
