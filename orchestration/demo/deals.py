"""The deals of the demo company: when they close, what they are worth, splits and stages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.demo.leads import (
    add_leads_that_do_not_convert,
    leads_of_deals,
    plant_profile,
    write_accounts,
)
from orchestration.demo.planted import (
    AE,
    AMOUNT_SIGMA,
    CURRENCY_RATE,
    JANUARY_PULL,
    LAG_DAYS,
    LAG_SPREAD,
    MEAN_AMOUNT,
    PLACES,
    SENIOR_AMOUNT,
    SENIOR_WIN_RATE,
    WIN_RATE,
    Bools,
    Floats,
    Ints,
)
from orchestration.demo.writing import Writer, ids, moments


def write_deals(writer: Writer, rng: np.random.Generator) -> None:
    """The deals, their splits and stages, the leads behind them, and the accounts."""
    company, days = writer.company, writer.company.days
    rep, day, second = (np.concatenate([p[k] for p in writer.openings]) for k in range(3))
    count = len(rep)
    role = company.role[rep, day].astype(np.int64)
    senior = company.senior[rep, day] & (role == AE)
    created = writer.utc(rep, day, np.minimum(second + 1800, 86_399))
    rep, closing = _closings(writer, rng, rep, day, role)
    closed = closing < days
    base = np.where(senior, SENIOR_WIN_RATE, np.array(WIN_RATE)[role])
    won = closed & (rng.random(count) < base * company.win_skill[rep])
    currency, amount = _amounts(writer, rng, rep, role, senior)
    draw = rng.random(count)
    unassigned, deleted = draw < 0.01, (draw >= 0.01) & (draw < 0.02)
    writer.oddities["unassigned_deals"] = int(unassigned.sum())
    writer.oddities["deleted_deals"] = int(deleted.sum())
    # closed at noon UTC
    touched = np.where(closed, (writer.epoch + closing) * 86_400 + 43_200, created)
    identity = ids("opp_", np.arange(1, count + 1))
    account = rng.integers(1, writer.accounts + 1, count)
    lead, leads = leads_of_deals(writer, rng, created)
    lead_rng = np.random.default_rng([writer.seed, 11])
    writer.write(
        "opportunities",
        {
            "opportunity_id": identity,
            "rep_id": pc.if_else(
                pa.array(unassigned), None, pa.array(company.rep_ids).take(pa.array(rep))
            ),
            "account_id": ids("acc_", account),
            "lead_id": lead,
            "opportunity_type": pa.array(["", "new_business", "expansion"]).take(pa.array(role)),
            "stage": pa.array(["proposal", "closed lost", "closed won"]).take(
                pa.array(closed.astype(np.int64) + won)
            ),
            "amount": pa.array(amount),
            "currency": pa.array(currency),
            "created_at": moments(created),
            "close_date": pa.array((writer.epoch + closing).astype(np.int32)).cast(pa.date32()),
            "is_closed": pa.array(closed),
            "is_won": pa.array(won),
            "updated_at": moments(touched),
            "is_deleted": pa.array(deleted),
        },
    )
    _write_splits(writer, rng, identity, rep, role, unassigned)
    _write_stages(writer, identity, created, closing, closed, won, touched)
    industries = write_accounts(writer, rng)
    leads = add_leads_that_do_not_convert(writer, lead_rng, leads)
    writer.write("leads", plant_profile(writer, lead_rng, leads, industries))


def _closings(
    writer: Writer, rng: np.random.Generator, rep: Ints, day: Ints, role: Ints
) -> tuple[Ints, Ints]:
    """Who closes each deal, and on which day, which may lie after the last."""
    count, days = len(rep), writer.company.days
    due = day + np.maximum(7, np.rint(rng.normal(LAG_DAYS, LAG_SPREAD, count)).astype(np.int64))
    due = _pull_into_january(writer, rng, day, due)
    # a deal of a rep who left is closed by a colleague
    gone = (due < days) & (_last_day(writer)[rep] < due)
    colleague = _colleagues(writer, rng, role)
    rep = np.where(gone, colleague, rep)
    upcoming = _next_working(writer)
    return rep, np.where(due < days, upcoming[rep, np.minimum(due, days - 1)], due)


def _amounts(
    writer: Writer, rng: np.random.Generator, rep: Ints, role: Ints, senior: Bools
) -> tuple[npt.NDArray[np.str_], Floats]:
    """The currency of each deal, and its amount in it."""
    company, count = writer.company, len(rep)
    mean = np.where(senior, SENIOR_AMOUNT, np.array(MEAN_AMOUNT)[role])
    spread: Floats = np.exp(rng.normal(-(AMOUNT_SIGMA**2) / 2, AMOUNT_SIGMA, count))
    currency = np.array([place[4] for place in PLACES])[company.place[rep]]
    rate: Floats = np.array([CURRENCY_RATE[c] for c in currency]) if count else np.ones(0)
    amount: Floats = np.round(mean * spread * company.amount_skill[rep] / rate, -1)
    return currency, amount


def _pull_into_january(writer: Writer, rng: np.random.Generator, day: Ints, due: Ints) -> Ints:
    dates = np.datetime64(writer.company.first_day) + due
    month = dates.astype("datetime64[M]")
    in_february = (month.astype(np.int64) % 12 == 1) & ((dates - month).astype(np.int64) < 21)
    pulled = in_february & (rng.random(len(due)) < JANUARY_PULL)
    back = (dates - month).astype(np.int64) + 1 + rng.integers(0, 14, len(due))
    result: Ints = np.where(pulled & (due - back >= day + 7), due - back, due)
    return result


def _last_day(writer: Writer) -> Ints:
    """The last day of each rep with any capacity."""
    capacity = writer.company.capacity > 0
    result: Ints = capacity.shape[1] - 1 - np.argmax(capacity[:, ::-1], axis=1)
    leavers = set(writer.company.causes["leaver"])
    stays = np.array([rep_id not in leavers for rep_id in writer.company.rep_ids])
    result[stays] = capacity.shape[1]
    return result


def _next_working(writer: Writer) -> Ints:
    """By rep and day, the first day from there with capacity; the number of days if none."""
    capacity = writer.company.capacity > 0
    days = capacity.shape[1]
    index = np.where(capacity, np.arange(days), days)
    result: Ints = np.minimum.accumulate(index[:, ::-1], axis=1)[:, ::-1]
    return result


def _colleagues(writer: Writer, rng: np.random.Generator, role: Ints) -> Ints:
    """For each deal a rep who held its role through the whole history."""
    result = np.zeros(len(role), np.int64)
    for number, stayers in writer.company.stayers.items():
        chosen = role == number
        result[chosen] = rng.choice(stayers, int(chosen.sum()))
    return result


def _write_splits(
    writer: Writer,
    rng: np.random.Generator,
    identity: pa.Array,
    rep: Ints,
    role: Ints,
    unassigned: Bools,
) -> None:
    colleague = _colleagues(writer, rng, role)
    shared = np.flatnonzero((rng.random(len(rep)) < 0.05) & (colleague != rep) & ~unassigned)
    writer.oddities["split_deals"] = len(shared)
    names = pa.array(writer.company.rep_ids)
    ratio = rng.choice([0.5, 0.6, 0.75], len(shared))
    both = np.concatenate([shared, shared])
    writer.write(
        "opportunity_splits",
        {
            "opportunity_id": identity.take(pa.array(both)),
            "rep_id": names.take(pa.array(np.concatenate([rep[shared], colleague[shared]]))),
            "split_ratio": pa.array(np.concatenate([ratio, 1 - ratio])),
        },
    )


def _write_stages(
    writer: Writer,
    identity: pa.Array,
    created: Ints,
    closing: Ints,
    closed: Bools,
    won: Bools,
    touched: Ints,
) -> None:
    count = len(created)
    middle = np.minimum((created + (writer.epoch + closing) * 86_400) // 2, writer.end_of_today - 1)
    middle = np.maximum(middle, created + 1)
    ends = np.flatnonzero(closed)
    final = np.maximum(touched, middle + 1)[ends]
    every = np.arange(count)
    stage = np.concatenate([np.zeros(count), np.ones(count), 2 + won[ends]]).astype(np.int64)
    writer.write(
        "opportunity_stage_changes",
        {
            "opportunity_id": identity.take(pa.array(np.concatenate([every, every, ends]))),
            "from_stage": pa.array([None, "discovery", "proposal", "proposal"]).take(
                pa.array(stage)
            ),
            "to_stage": pa.array(["discovery", "proposal", "closed lost", "closed won"]).take(
                pa.array(stage)
            ),
            "changed_at": moments(np.concatenate([created, middle, final])),
        },
    )
