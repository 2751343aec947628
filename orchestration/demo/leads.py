"""The leads of the demo company, who converts, and the accounts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.demo.planted import (
    ACCOUNT_WORDS,
    AM,
    INDUSTRIES,
    JOB_TITLES,
    LEAD_PROFILE,
    LEAD_STATUSES,
    LEADS_PER_CONVERSION,
    LOG_EMPLOYEES,
    LOG_EMPLOYEES_CONVERTED,
    PLACES,
    SOURCES,
    Ints,
)
from orchestration.demo.writing import Writer, ids, moments


def leads_of_deals(
    writer: Writer, rng: np.random.Generator, opened: Ints
) -> tuple[pa.Array, dict[str, pa.Array]]:
    """The lead of each deal, and leads: for each that converted, two that did not."""
    rep, day, second = (np.concatenate([p[k] for p in writer.sdr_demos]) for k in range(3))
    converted = writer.utc(rep, day, np.minimum(second + 2400, 86_399))
    count = len(rep)
    # a converted lead becomes the next deal that is opened, if no other lead did
    order = np.argsort(opened, kind="stable")
    place = np.searchsorted(opened[order], converted)
    _, first = np.unique(place, return_index=True)
    first = first[place[first] < len(opened)]
    deal = np.zeros(count, np.int64)
    deal[first] = order[place[first]] + 1
    lead_of_deal = np.zeros(len(opened), np.int64)
    lead_of_deal[deal[first] - 1] = first + 1

    total = 3 * count
    is_converted = np.arange(total) < count
    rep_all = np.concatenate([rep, np.repeat(rep, 2)])
    base = np.concatenate([converted, np.repeat(converted, 2)])
    created = base - rng.integers(2 * 86_400, 30 * 86_400, total)
    deal_all = np.concatenate([deal, np.zeros(2 * count, np.int64)])
    converted_all = np.where(is_converted, base, 0)
    status = np.where(is_converted, 0, rng.integers(1, 4, total))

    def pick(values: Sequence[str]) -> pa.Array:
        return pa.array(values).take(pa.array(rng.integers(0, len(values), total)))

    leads = {
        "lead_id": ids("lead_", np.arange(1, total + 1)),
        "rep_id": pa.array(writer.company.rep_ids).take(pa.array(rep_all)),
        "account_id": ids("acc_", rng.integers(1, writer.accounts + 1, total)),
        "created_at": moments(created),
        "source": pick(SOURCES),
        "industry": pick(INDUSTRIES),
        "employee_count": pa.array(np.rint(np.exp(rng.normal(5, 1.2, total))) + 1),
        "country": pa.array([place[3] for place in PLACES]).take(
            pa.array(writer.company.place[rep_all])
        ),
        "job_title": pick(JOB_TITLES),
        "status": pa.array(LEAD_STATUSES).take(pa.array(status)),
        "converted_at": pc.if_else(pa.array(is_converted), moments(converted_all), None),
        "opportunity_id": pc.if_else(pa.array(deal_all > 0), ids("opp_", deal_all), None),
        "is_deleted": pa.array(rng.random(total) < 0.002),
    }
    return pc.if_else(pa.array(lead_of_deal > 0), ids("lead_", lead_of_deal), None), leads


def add_leads_that_do_not_convert(
    writer: Writer, rng: np.random.Generator, leads: dict[str, pa.Array]
) -> dict[str, pa.Array]:
    """Leads of SDRs and AEs that came to nothing or, the youngest, to nothing so far."""
    company, known = writer.company, len(leads["lead_id"])
    count = known // 3 * (LEADS_PER_CONVERSION - 3)
    sellers = np.argwhere((company.capacity > 0) & (company.role != AM))
    rep, day = sellers[rng.integers(0, len(sellers), count)].T if count else np.zeros((2, 0), int)
    created = np.minimum(
        writer.utc(rep, day, rng.integers(7 * 3600, 20 * 3600, count)), writer.end_of_today - 1
    )
    # the older a lead, the likelier it was put aside
    age = (writer.end_of_today - created) / 86_400
    aside = rng.random(count) < age / (age + 30)
    status = np.where(aside, rng.integers(2, 4, count), 1)

    def pick(values: Sequence[str]) -> pa.Array:
        return pa.array(values).take(pa.array(rng.integers(0, len(values), count)))

    more = {
        "lead_id": ids("lead_", np.arange(known + 1, known + count + 1)),
        "rep_id": pa.array(company.rep_ids).take(pa.array(rep)),
        "account_id": pa.nulls(count, pa.string()),
        "created_at": moments(created),
        "source": pick(SOURCES),
        "industry": pick(INDUSTRIES),
        "employee_count": pa.array(np.rint(np.exp(rng.normal(*LOG_EMPLOYEES, count))) + 1),
        "country": pa.array([place[3] for place in PLACES]).take(pa.array(company.place[rep])),
        "job_title": pick(JOB_TITLES),
        "status": pa.array(LEAD_STATUSES).take(pa.array(status)),
        "converted_at": pa.nulls(count, pa.timestamp("s")),
        "opportunity_id": pa.nulls(count, pa.string()),
        "is_deleted": pa.array(np.zeros(count, bool)),
    }
    return {name: pa.concat_arrays([leads[name], more[name]]) for name in leads}


def plant_profile(
    writer: Writer, rng: np.random.Generator, leads: dict[str, pa.Array], industries: Sequence[str]
) -> dict[str, pa.Array]:
    """Leads that convert, or will, are ideal customers; accounts fit their leads."""
    total = len(leads["lead_id"])
    converts = leads["converted_at"].is_valid().to_numpy(zero_copy_only=False)
    # of the open leads of the last weeks as many will convert as of any others
    age = writer.end_of_today - leads["created_at"].cast(pa.int64()).to_numpy()
    young = ~converts & (age < 21 * 86_400)
    converts = converts | (young & (rng.random(total) < 1 / LEADS_PER_CONVERSION))
    mask = pa.array(converts)
    for attribute, values in (
        ("source", SOURCES),
        ("industry", INDUSTRIES),
        ("job_title", JOB_TITLES),
    ):
        odds = np.array([LEAD_PROFILE[attribute].get(value, 1.0) for value in values])
        drawn = pa.array(values).take(pa.array(rng.choice(len(values), total, p=odds / odds.sum())))
        leads[attribute] = pc.if_else(mask, drawn, leads[attribute])
    employees = np.rint(np.exp(rng.normal(*LOG_EMPLOYEES_CONVERTED, total))) + 1
    leads["employee_count"] = pc.if_else(mask, pa.array(employees), leads["employee_count"])
    # the source of a lead has no effect
    countries = pa.array([place[3] for place in PLACES])
    leads["country"] = countries.take(pa.array(rng.integers(0, len(PLACES), total)))
    # an account of the lead's industry, if there is one
    of_industry = {name: np.flatnonzero(np.array(industries) == name) for name in INDUSTRIES}
    choice = rng.random(total)
    industry = np.array(leads["industry"].to_pylist())
    account = rng.integers(0, writer.accounts, total)
    for name, accounts in of_industry.items():
        chosen = (industry == name) & (len(accounts) > 0)
        account[chosen] = accounts[(choice[chosen] * len(accounts)).astype(np.int64)]
    return {**leads, "account_id": ids("acc_", account + 1)}


def write_accounts(writer: Writer, rng: np.random.Generator) -> Sequence[str]:
    """Write the accounts; the industry of each."""
    count = writer.accounts
    words = [rng.choice(list(options), count) for options in ACCOUNT_WORDS]
    employees = np.rint(np.exp(rng.normal(5.5, 1.3, count))) + 5
    revenue = np.rint(employees * rng.uniform(90_000, 300_000, count))
    industries: list[str] = rng.choice(list(INDUSTRIES), count).tolist()
    writer.write(
        "accounts",
        {
            "account_id": ids("acc_", np.arange(1, count + 1)),
            "account_name": pa.array([" ".join(parts) for parts in zip(*words, strict=True)]),
            "industry": pa.array(industries),
            "employee_count": pa.array(employees),
            "annual_revenue": pa.array(revenue),
            "country": pa.array(rng.choice(["US", "GB", "DE", "FR"], count)),
            "fiscal_year_end_month": pa.array(rng.choice([1, 3, 6, 12], count)),
        },
    )
    return industries
