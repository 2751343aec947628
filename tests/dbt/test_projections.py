"""Projections are replayed with what was known then, and the replay is worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestration.core.settings import Settings

Run = Callable[..., list[tuple[Any, ...]]]

# June 2026 with a goal of 1 a day; moments after 7, 15 and 22 of its 30 days
CARDS = """
    select
        rep_id, 'SDR' as role, 'demos_held' as metric_id, 'count' as aggregation,
        true as is_higher_better, 'period' as purpose, 'month' as period_type,
        date '2026-06-01' as period_start
    from (values {values}) as cards (rep_id, outcome)
"""
SUMS = """
    select
        'rep' as scope, rep_id as scope_id, 'demos_held' as metric_id, 'period' as purpose,
        'month' as period_type, date '2026-06-01' as period_start, outcome::double as numerator,
        outcome::double as numerator_judged, 30::double as goal_judged,
        30::double as goal_period
    from (values {values}) as cards (rep_id, outcome)
"""
NOTHING_RUNS = """
    select
        rep_id as scope_id, role, metric_id, aggregation, is_higher_better, purpose, period_type,
        period_start, 30::double as actual, 30::double as goal_to_date, 30::double as goal_period,
        30::double as judged_actual, 30::double as judged_goal,
        1::double as dispersion
    from intermediate.int_rep_cards
"""
DISPERSIONS = """
    select 'demos_held' as metric_id, 'SDR' as role, false as is_organisation,
        1::double as dispersion
"""
PERIODS = """
    select 'month' as period_type, date '2026-06-01' as period_start,
        date '2026-06-30' as period_end, false as is_current
"""
CONSTANTS = f"from read_csv('{Settings().dbt_project_dir}/seeds/rules/constants.csv')"
GOALS = """
    select rep_id, 'demos_held' as metric_id, cast(day as date) as date_day, 1.0 as daily_goal
    from (values {values}) as cards (rep_id, outcome)
    cross join range(timestamp '2026-01-01', timestamp '2026-07-01', interval 1 day) as days (day)
"""
ACTUALS = """
    select
        rep_id, 'demos_held' as metric_id, cast(day as date) as date_day,
        cast(1.0 as double) as numerator
    from (values {values}) as cards (rep_id, outcome)
    cross join range(timestamp '2026-03-02', timestamp '2026-07-01', interval 1 day) as days (day)
    where day < date '2026-06-01' or day(day) <= outcome
"""


def replay(
    run_model: Run, question: str, values: str, actuals: str = ACTUALS
) -> list[tuple[Any, ...]]:
    return run_model(
        "projection_calibration",
        question,
        int_rep_cards=CARDS.format(values=values),
        int_rep_scores__measured=NOTHING_RUNS,
        int_dispersions=DISPERSIONS,
        int_periods=PERIODS,
        int_goals__daily=GOALS.format(values=values),
        int_metrics__daily=actuals.format(values=values),
        int_metrics__by_window=SUMS.format(values=values),
        constants=CONSTANTS,
    )


def test_who_goes_on_as_before_ends_where_it_was_foretold(run_model: Run) -> None:
    rows = replay(
        run_model,
        "select forecasts, outcomes, held, below, coverage_ratio, reached, verdict, mean_chance"
        " from answer where slice = 'all'",
        "('steady', 30)",
    )

    (*counts, chance) = rows[0]
    assert counts == [3, pytest.approx(1), 3, 0, 1.0, 3, "too_little_data"]
    # as likely as not, and whole events: to reach 23 of 23 expected is a little more than even
    assert 0.5 < chance < 0.56


def test_who_stops_falls_below_what_was_foretold(run_model: Run) -> None:
    # 7 on the 7th, and nothing more: on the 7th 23 more were expected, on the 22nd still 2 or more
    assert replay(
        run_model,
        "select share_elapsed, held, below, reached from answer where slice = 'moment' order by 1",
        "('stopped', 7)",
    ) == [(0.25, 0, 1, 0), (0.5, 0, 1, 0), (0.75, 0, 1, 0)]


def test_forecasts_of_one_period_are_one_outcome(run_model: Run) -> None:
    # each slice's outcomes are rounded to nine digits, so their sum is not exact in the last one
    assert replay(
        run_model,
        "select slice, sum(forecasts), round(sum(outcomes), 6) from answer"
        " where slice in ('all', 'moment', 'chance', 'metric') group by 1 order by 1",
        "('steady', 30), ('stopped', 7)",
    ) == [("all", 6, 2.0), ("chance", 6, 2.0), ("metric", 6, 2.0), ("moment", 6, 2.0)]


def test_a_period_that_began_before_the_first_record_is_left_out(run_model: Run) -> None:
    record = """
        select 'young' as rep_id, 'demos_held' as metric_id, date '2026-06-02' as date_day,
            1.0::double as numerator
    """
    assert replay(run_model, "select * from answer", "('young', 30)", record) == []
