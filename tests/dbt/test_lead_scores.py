"""The lead score against a second opinion in NumPy, and what it must not be able to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from orchestration.demo.planted import INDUSTRIES, JOB_TITLES, LEAD_PROFILE, SOURCES

Rows = list[tuple[Any, ...]]
RunModel = Callable[..., Rows]

# the example company is built as of 31 December 2026: with a window of 30 days leads of up to 1
# December are decided
DAYS, WINDOW, CHECK = 700, 30, 150
SETTINGS = f"""
    select
        {WINDOW} as lead_conversion_days, 30 as lead_min_conversions, {CHECK} as lead_check_days,
        0.3::double as lead_calibration_ratio, 4 as history_years
"""
ATTRIBUTES = ("industry", "source", "job_title")


def _draw(seed: int, count: int, base: float) -> list[dict[str, Any]]:
    """Leads with the profile of the demo company: what converts differs by the planted odds."""
    rng = np.random.default_rng(seed)
    leads = []
    for number in range(count):
        converts = rng.random() < base
        lead: dict[str, Any] = {"id": f"l{number:05d}", "age": int(rng.integers(0, DAYS))}
        for attribute, values in zip(ATTRIBUTES, (INDUSTRIES, SOURCES, JOB_TITLES), strict=True):
            odds = np.array([LEAD_PROFILE[attribute].get(value, 1.0) for value in values])
            weights = odds / odds.sum() if converts else np.full(len(values), 1 / len(values))
            lead[attribute] = str(rng.choice(values, p=weights))
        lead["lag"] = int(rng.integers(1, WINDOW)) if converts else None
        leads.append(lead)
    return leads


def _inputs(leads: Iterable[dict[str, Any]], more: str = "") -> dict[str, str]:
    """Inputs of int_lead_predictions; `more` is one more attribute as a SQL row of each lead."""
    rows = ", ".join(
        f"('{lead['id']}', {lead['age']}, {'null' if lead['lag'] is None else lead['lag']}, "
        + ", ".join(f"'{lead[attribute].lower()}'" for attribute in ATTRIBUTES)
        + ")"
        for lead in leads
    )
    table = f"(values {rows}) as leads (lead_id, age, lag, industry, source, job_title)"
    parts = [
        f"""
        select 'lead' as record_type, lead_id as record_id, '{attribute}' as attribute,
            {attribute} as text_value, {attribute} as value_class from {table}
        """
        for attribute in ATTRIBUTES
    ]
    if more:
        parts.append(f"select 'lead', lead_id, 'planted', planted, planted from ({more} {table})")
    return {
        "int_settings": SETTINGS,
        "int_leads__dated": f"""
            select
                lead_id, date '2026-12-31' - age as created_date,
                case when lag <= age then date '2026-12-31' - age + lag end as converted_date,
                date '2026-12-31' - age + {WINDOW} as decided_date
            from {table}
        """,
        "int_lead_attributes": " union all ".join(parts),
    }


def _second_opinion(leads: list[dict[str, Any]], age_of_model: int) -> dict[str, float]:
    """Naive Bayes with m-estimates and Platt's calibration in 20 bins, written a second time."""
    decided = [lead for lead in leads if lead["age"] - WINDOW >= age_of_model]
    oldest = max(lead["age"] for lead in decided)
    span = oldest - min(lead["age"] for lead in decided)
    cut = oldest - int(np.floor(0.7 * span))
    training = [lead for lead in decided if lead["age"] > cut]

    def converted(group: list[dict[str, Any]]) -> int:
        return sum(lead["lag"] is not None for lead in group)

    def log_odds(share: float) -> float:
        return float(np.log(share / (1 - share)))

    base = converted(training) / len(training)
    effects = {}
    for attribute in ATTRIBUTES:
        for value in {lead[attribute] for lead in training}:
            group = [lead for lead in training if lead[attribute] == value]
            share = (converted(group) + 5) / (len(group) + 5 / base)
            effects[attribute, value] = log_odds(share) - log_odds(base)

    def evidence(lead: dict[str, Any]) -> float:
        return round(sum(effects.get((name, lead[name]), 0.0) for name in ATTRIBUTES), 9)

    later = sorted(
        (lead for lead in decided if lead["age"] <= cut),
        key=lambda lead: (evidence(lead), lead["id"]),
    )
    mean = float(np.mean([evidence(lead) for lead in later]))
    hits = converted(later)
    high, low = (hits + 1) / (hits + 2), 1 / (len(later) - hits + 2)
    groups: list[list[dict[str, Any]]] = [[] for _ in range(20)]
    for place, lead in enumerate(later):
        groups[20 * place // len(later)].append(lead)
    x = np.array([np.mean([evidence(lead) for lead in group]) - mean for group in groups])
    n = np.array([len(group) for group in groups])
    y = np.array([converted(g) * high + (len(g) - converted(g)) * low for g in groups])
    slope = intercept = 0.0
    for _ in range(60):
        p = 1 / (1 + np.exp(-(intercept + slope * x)))
        weight = n * p * (1 - p)
        gradient = np.array([(y - n * p).sum(), ((y - n * p) * x).sum() + 1 - slope])
        hessian = np.array(
            [[weight.sum(), (weight * x).sum()], [(weight * x).sum(), (weight * x * x).sum() + 1]]
        )
        step = np.linalg.solve(hessian, gradient)
        intercept, slope = intercept + step[0], slope + step[1]
    return {
        lead["id"]: float(1 / (1 + np.exp(-(intercept + slope * (evidence(lead) - mean)))))
        for lead in leads
    }


LEADS = _draw(1, 3000, 0.12)
ASK = "select lead_id, conversion_probability from answer where model_id = '{}' order by 1"


def _chances(run_model: RunModel, model: str, **inputs: str) -> dict[str, float]:
    return dict(run_model("int_lead_predictions", ASK.format(model), **inputs))


def test_the_score_is_that_of_a_second_opinion(run_model: RunModel) -> None:
    inputs = _inputs(LEADS)
    expected = _second_opinion(LEADS, 0)
    assert _chances(run_model, "current", **inputs) == {
        lead: pytest.approx(min(max(chance, 0.001), 0.999), abs=1e-6)
        for lead, chance in expected.items()
    }
    earlier = _second_opinion(LEADS, CHECK)
    checked = _chances(run_model, "check", **inputs)
    assert len(checked) > 700
    assert checked == {
        lead: pytest.approx(min(max(earlier[lead], 0.001), 0.999), abs=1e-6) for lead in checked
    }


def test_the_planted_profile_is_found_and_the_top_decile_converts_three_times_the_average(
    run_model: RunModel,
) -> None:
    sql = """
        select conversion_probability, is_converted_in_time::int from answer
        where model_id = 'check' and is_judged order by 1 desc
    """
    rows = run_model("int_lead_predictions", sql, **_inputs(LEADS))
    outcome = np.array([converted for _, converted in rows])
    chance = np.array([probability for probability, _ in rows])
    assert outcome[: len(rows) // 10].mean() >= 3 * outcome.mean()
    # what is promised happens: within two standard errors
    assert abs(chance.mean() - outcome.mean()) < 2 * np.sqrt(0.12 * 0.88 / len(rows))


def test_leads_of_the_ideal_customer_say_why(run_model: RunModel) -> None:
    best = {
        "id": "best",
        "age": 3,
        "lag": None,
        "industry": "Medical",
        "source": "outbound",
        "job_title": "Head of Purchasing",
    }
    unlike = {**best, "id": "unlike", "industry": "Food", "job_title": "Chief Executive"}
    sql = "select reasons from answer where lead_id in ('best', 'unlike') and model_id = 'current'"
    rows = run_model(
        "int_lead_predictions", f"{sql} order by lead_id", **_inputs([*LEADS, best, unlike])
    )
    assert {"industry medical +", "from outbound -", "job title head of purchasing +"} == set(
        rows[0][0].split(", ")
    )
    assert {"industry food -", "from outbound -"} < set(rows[1][0].split(", "))


def test_what_happens_later_does_not_change_an_earlier_score(run_model: RunModel) -> None:
    """The earlier model of today is that of its day, whatever came and converted since."""
    before = _chances(run_model, "check", **_inputs(LEADS))
    # everything that was not decided by then ends the other way round
    changed = [
        {
            **lead,
            "lag": (None if lead["lag"] else 1) if lead["age"] - WINDOW < CHECK else lead["lag"],
        }
        for lead in LEADS
    ]
    # sums of parallel threads differ in the last digit
    assert _chances(run_model, "check", **_inputs(changed)) == pytest.approx(before, rel=1e-12)


def test_an_attribute_that_is_filled_in_when_a_lead_converts_is_not_used(
    run_model: RunModel,
) -> None:
    """A field that only converted leads have would predict the past perfectly."""
    without = _chances(run_model, "current", **_inputs(LEADS))
    leak = "select lead_id, case when lag is not null then 'signed' else '' end as planted from"
    leaking = _chances(run_model, "current", **_inputs(LEADS, leak))
    assert leaking == pytest.approx(without, rel=1e-12)


@pytest.mark.parametrize("count", [0, 100])
def test_too_few_conversions_are_said_in_words(run_model: RunModel, count: int) -> None:
    young = {**LEADS[0], "id": "young", "age": 1, "lag": None}
    decided = sum(lead["lag"] is not None for lead in LEADS[:count] if lead["age"] >= WINDOW)
    sql = "select distinct score_state, conversion_probability from answer"
    rows = run_model("int_lead_predictions", sql, **_inputs([*LEADS[:count], young]))
    assert (f"no score yet: {decided} of 30 conversions needed", None) in rows
    assert {probability for _, probability in rows} == {None}
