"""An incremental build gives what a build from scratch gives, and policy needs no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.dbt.conftest import Company

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
        " where table_schema = 'marts' or table_name = 'int_activities__counted_daily' order by 1"
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
    from orchestration.settings import Settings

    ours = Settings().dbt_project_dir / "seeds" / "demo"
    theirs = built.settings.dbt_project_dir / "seeds" / "demo"
    for path in ours.iterdir():
        assert (theirs / path.name).read_bytes() == path.read_bytes()
    assert {path.suffix for path in built.settings.seeds_dir.iterdir()} == {".csv"}
    assert built.rows("select count(*) from config.goals") == [(4,)]
