"""The audit of leading metrics keeps its error rate and finds what was planted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.settings import Settings

Run = Callable[..., list[tuple[Any, ...]]]

ROLES = 200  # each role is a company of its own, so that one query asks them all
REPS, WEEKS, LAG = 10, 104, 5
MONDAY = np.datetime64("2024-12-30")  # 104 weeks on it is the last week of 2026
METRICS = ("planted", "unrelated", "alike", "result")


def _panels(folder: Path, closes: float, seed: int) -> dict[str, str]:
    """Weekly counts of reps who differ, in weeks that differ, with leave, and form that lasts.

    Only `planted` leads to the result, by `closes` of its events about five weeks later. `alike`
    shares the season of the result and its level by rep, and leads to nothing.
    """
    rng = np.random.default_rng(seed)
    shape = (ROLES, REPS, WEEKS)
    exposure = np.where(rng.random(shape) < 0.06, 0.0, 5.0) * np.where(
        rng.random(shape) < 0.1, 0.5, 1.0
    )
    season = 1 + 0.4 * np.sin(np.arange(WEEKS) / 52 * 2 * np.pi) * np.ones((ROLES, 1, 1))
    skill = rng.normal(1, 0.2, (ROLES, REPS, 1)).clip(0.5, 1.5)

    def draw(pace: float) -> np.ndarray[Any, np.dtype[np.int64]]:
        form = rng.gamma(16, 1 / 16, shape)
        return rng.poisson(pace * exposure * season * skill * form)

    planted, unrelated, alike = draw(0.85), draw(2.5), draw(1.2)
    result = rng.poisson(0.04 * exposure * season * skill)
    born = rng.binomial(planted, closes)
    for shift, share in ((-1, 0.2), (0, 0.6), (1, 0.2)):
        later = LAG + shift
        result[..., later:] += rng.binomial(born, share)[..., : WEEKS - later]

    role, rep, week = (index.ravel() for index in np.indices(shape))
    names = pa.array([f"role_{number:03d}" for number in range(ROLES)]).take(pa.array(role))
    days = pa.array(MONDAY + week * np.timedelta64(7, "D")).cast(pa.date32())
    rep_ids = pa.array([f"rep_{number:04d}" for number in range(ROLES * REPS)]).take(
        pa.array(role * REPS + rep)
    )
    days_table = {
        "rep_id": rep_ids, "role": names, "date_day": days,
        "capacity": exposure.ravel(), "ramp": np.ones(exposure.size),
    }  # fmt: skip
    counts = pa.concat_tables(
        [
            pa.table(
                {
                    "rep_id": rep_ids,
                    "metric_id": pa.array([name] * exposure.size),
                    "date_day": days,
                    "numerator": drawn.ravel().astype(float),
                }
            ).filter(pa.array(drawn.ravel() > 0))
            for name, drawn in zip(METRICS, (planted, unrelated, alike, result), strict=True)
        ]
    )
    pq.write_table(pa.table(days_table), folder / "days.parquet")
    pq.write_table(counts, folder / "counts.parquet")
    roles = f"from range({ROLES}) as roles (number)"
    return {
        "int_rep_days": f"select * from '{folder}/days.parquet'",
        "int_metrics__daily": f"select * from '{folder}/counts.parquet'",
        "int_dates": "select distinct date_day, date_day as week_start_date,"
        f" date_day + 6 as week_end_date from '{folder}/days.parquet'",
        # won deals whose median time from opening to closing is 35 days
        "int_opportunities__credited": "select 'd' || number || '_' || cycle as opportunity_id,"
        " printf('rep_%04d', number * 10) as rep_id, true as is_won,"
        " date '2025-12-29' as close_date, timestamp '2025-12-29' - to_days(cycle) as created_at"
        f" {roles} cross join (values (30), (35), (90)) as cycles (cycle)",
        "scorecard_metrics": "select printf('role_%03d', number) as role, metric_id,"
        " if(metric_id = 'result', 'lagging', 'leading') as metric_kind, 1.0 as weight,"
        f" 1 as sort_order {roles} cross join (values ('planted'), ('unrelated'), ('alike'),"
        " ('result')) as metrics (metric_id)",
        "funnels": "select '' as role, 1 as step, '' as metric_id where false",
        "event_rules": "select 'won' as event_type, 'opportunities' as source_table,"
        " 'won' as outcome",
        "constants": f"from read_csv('{Settings().dbt_project_dir}/seeds/rules/constants.csv')",
        "metrics": "select metric_id, metric_id as metric_name, 'count' as aggregation,"
        " if(metric_id = 'result', 'won', metric_id) as event_type, true as is_higher_better"
        " from (values ('planted'), ('unrelated'), ('alike'), ('result')) as names (metric_id)",
    }


QUESTION = """
    select leading_metric_id, lag_weeks, p_value, verdict
    from answer where reps = 10 and weeks = 100
"""


@pytest.mark.slow
def test_the_planted_metric_is_found_and_the_others_are_not(run_model: Run, tmp_path: Path) -> None:
    rows = run_model(
        "leading_indicator_audit", QUESTION, **_panels(tmp_path, closes=0.0875, seed=1)
    )

    assert len(rows) == 3 * ROLES
    assert {lag for _, lag, _, _ in rows} == {LAG}
    found = [name for name, _, _, verdict in rows if verdict == "supports"]
    # as in the demo company, ten reps and two years: found in six of seven companies
    assert found.count("planted") >= 0.85 * ROLES
    wrong = sum(verdict != "no_evidence" for name, _, _, verdict in rows if name != "planted")
    discoveries = wrong + found.count("planted")
    # at most one discovery in twenty is wrong, with the play that chance has in 200 companies
    assert wrong <= discoveries * 0.05 + 3 * np.sqrt(discoveries * 0.05 * 0.95)


@pytest.mark.slow
def test_where_nothing_leads_one_in_twenty_looks_as_if_it_did_before_and_none_after_control(
    run_model: Run, tmp_path: Path
) -> None:
    rows = run_model("leading_indicator_audit", QUESTION, **_panels(tmp_path, closes=0.0, seed=2))

    tests = len(rows)
    assert tests == 3 * ROLES
    below = sum(p_value < 0.05 for _, _, p_value, _ in rows)
    assert abs(below - 0.05 * tests) <= 3 * np.sqrt(tests * 0.05 * 0.95)
    assert sum(verdict != "no_evidence" for *_, verdict in rows) <= 1
