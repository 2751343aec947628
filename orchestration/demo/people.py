"""The people of the demo company: careers, leave, causes to miss or to excel, agreements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.demo.planted import (
    AE,
    AGREEMENTS,
    AM,
    FIRST_NAMES,
    LAST_NAMES,
    METRIC_RHYTHM,
    PLACES,
    RHYTHMS,
    ROLES,
    SDR,
    Bools,
    Floats,
    Ints,
)
from orchestration.policy.reading import Policy
from orchestration.sources.reference import holiday_rows


@dataclass
class Company:
    """Everyone and every day, as arrays: axis 0 is the rep, axis 1 the day since `first_day`."""

    first_day: dt.date
    today: dt.date
    policy: Policy
    rep_ids: list[str]
    place: Ints
    skill: Floats
    dial_skill: Floats
    connect_skill: Floats
    win_skill: Floats
    amount_skill: Floats
    role: npt.NDArray[np.int8]
    senior: Bools
    capacity: npt.NDArray[np.float32]
    ramp: npt.NDArray[np.float32]
    form: npt.NDArray[np.float32]
    stayers: dict[int, Ints]
    causes: dict[str, tuple[str, ...]]

    @property
    def days(self) -> int:
        """How many days the history has."""
        return (self.today - self.first_day).days + 1


@dataclass(frozen=True)
class _Careers:
    """By rep: first role, first and last day (-1 and beyond the last: always), changes by day."""

    start_role: Ints
    hire: Ints
    end: Ints
    new_hires: Ints
    leavers: Ints
    promoted: Ints
    raised: Ints
    changes: dict[int, int]
    fte: Floats


def _slot(day: dt.date) -> str:
    return f"{day.month}-{1 if day.day <= 15 else 2}"


def season_of(rhythm: str, day: dt.date) -> float:
    """The planted factor of a day."""
    factors = RHYTHMS[rhythm]
    return factors.get(_slot(day), factors.get(str(day.month), 1.0))


def workdays(policy: Policy, first: dt.date, last: dt.date) -> dict[str, Bools]:
    """By calendar, whether each day of `first..last` is worked."""
    count = (last - first).days + 1
    weekdays = (np.arange(count) + first.weekday()) % 7
    worked = {
        row["calendar"]: np.array([digit == "1" for digit in row["working_weekdays"]])[weekdays]
        for row in policy.rows("calendars")
    }
    free = [(name, day) for name, day, _ in holiday_rows(policy, range(first.year, last.year + 1))]
    for row in policy.rows("custom_holidays"):
        names = [row["calendar"]] if row["calendar"] else list(worked)
        free += [(name, dt.date.fromisoformat(row["holiday_date"])) for name in names]
    for name, day in free:
        if first <= day <= last:
            worked[name][(day - first).days] = False
    return worked


def planted_seasons(company: Company) -> dict[str, dict[str, float]]:
    """The planted index by metric and slot; its mean over a fiscal year's working days is 1."""
    start = int(company.policy.setting("fiscal_year_start_month") or 1)
    last = dt.date(company.today.year, start, 1) - dt.timedelta(days=1)
    first = dt.date(last.year - 1, start, 1)
    worked = workdays(company.policy, first, last)[
        company.policy.setting("default_calendar") or "us"
    ]
    year = [first + dt.timedelta(days=int(i)) for i in np.flatnonzero(worked)]
    slots = [f"{month}-{half}" for month in range(1, 13) for half in (1, 2)]
    seasons: dict[str, dict[str, float]] = {}
    for metric, rhythm in METRIC_RHYTHM.items():
        mean = float(np.mean([season_of(rhythm, day) for day in year]))
        seasons[metric] = {
            slot: RHYTHMS[rhythm].get(slot, RHYTHMS[rhythm].get(slot.split("-")[0], 1.0)) / mean
            for slot in slots
        }
    return seasons


def _names(count: int) -> list[str]:
    """That many different names; beyond the combinations a number tells them apart."""
    names = []
    for i in range(count):
        cycle, place = divmod(i, len(FIRST_NAMES) * len(LAST_NAMES))
        first = FIRST_NAMES[place % len(FIRST_NAMES)]
        # 69 and 83 have no common divisor, so the pairs repeat only after all were used
        last = LAST_NAMES[(place * 31) % len(LAST_NAMES)]
        names.append(f"{first} {last}" + (f" {cycle + 1}" if cycle else ""))
    return names


def hire_everyone(
    policy: Policy, today: dt.date, days: int, reps: int, rng: np.random.Generator
) -> tuple[Company, list[dict[str, Any]], list[dict[str, Any]]]:
    """The company, and the rows of reps.csv and time_off.csv."""
    first = today - dt.timedelta(days=days - 1)
    everyone = np.arange(reps)
    rep_ids = [f"rep_{i + 1:04d}" for i in range(reps)]
    careers = _careers(rng, reps, days)
    hire, end, fte = careers.hire, careers.end, careers.fte
    role, senior = _posts(careers, days)
    day = np.arange(days)
    employed = (day >= hire[:, None]) & (day <= end[:, None])
    time_off, leave = _take_leave(rep_ids, first, rng, hire, end, days)
    worked = workdays(policy, first, today)
    place = everyone // 2 % len(PLACES)
    capacity = employed * np.stack([worked[PLACES[p][0]] for p in place]) * fte[:, None]
    stays = (hire < 0) & (end > days)
    company = Company(
        first_day=first,
        today=today,
        policy=policy,
        rep_ids=rep_ids,
        place=place,
        skill=np.clip(rng.normal(1.0, 0.07, reps), 0.85, 1.15),
        dial_skill=np.ones(reps),
        connect_skill=np.ones(reps),
        win_skill=np.ones(reps),
        amount_skill=np.ones(reps),
        role=role,
        senior=senior,
        capacity=(capacity * (1 - leave)).astype(np.float32),
        ramp=_ramps(policy, first, hire, role),
        # good and bad weeks of a rep
        form=rng.gamma(16, 1 / 16, (reps, days // 7 + 2)).astype(np.float32),
        stayers={r: np.flatnonzero(stays & (role == r).all(axis=1)) for r in range(len(ROLES))},
        causes={
            "new_hire": tuple(rep_ids[i] for i in careers.new_hires),
            "leaver": tuple(rep_ids[i] for i in careers.leavers),
            "promoted": tuple(rep_ids[i] for i in careers.promoted),
            "became_senior": tuple(rep_ids[i] for i in careers.raised),
            "part_time": tuple(rep_ids[i] for i in np.flatnonzero(fte < 1)),
        },
    )
    others = {*careers.new_hires, *careers.leavers, *careers.changes}
    _plant_causes(company, careers.start_role, others)
    return company, _rep_rows(company, hire, end, fte, careers.changes), time_off


def _careers(rng: np.random.Generator, reps: int, days: int) -> _Careers:
    """Who begins, leaves, is promoted or becomes senior, and when."""
    everyone = np.arange(reps)
    start_role = np.array([SDR, SDR, AE, AE, AM])[everyone % 5]
    # most were there before the history starts (-1) and are still there (days + 1)
    hire, end = np.full(reps, -1), np.full(reps, days + 1)
    new_hires, leavers = everyone[everyone % 6 == 5], everyone[everyone % 10 == 7]
    hire[new_hires] = rng.integers(days // 10, days - days // 20, len(new_hires))
    end[leavers] = rng.integers(days // 2, days - 5, len(leavers))
    hire[leavers] = np.minimum(hire[leavers], end[leavers] - days // 4)
    promoted = everyone[(start_role == SDR) & (everyone % 15 == 10)]
    raised = everyone[(start_role != AM) & np.isin(everyone % 15, (3, 6))]
    changes = {int(i): int(days * rng.uniform(0.35, 0.7)) for i in (*promoted, *raised)}
    fte = np.ones(reps)
    fte[everyone % 15 == 9], fte[everyone % 15 == 13] = 0.8, 0.5
    return _Careers(start_role, hire, end, new_hires, leavers, promoted, raised, changes, fte)


def _posts(careers: _Careers, days: int) -> tuple[npt.NDArray[np.int8], Bools]:
    """By rep and day, the role, and whether it is a senior post."""
    start, everyone = careers.start_role, np.arange(len(careers.start_role))
    role = np.repeat(start.astype(np.int8)[:, None], days, axis=1)
    senior = np.repeat(((start != AM) & (everyone % 4 == 2))[:, None], days, axis=1)
    for i in careers.promoted:
        role[i, careers.changes[int(i)] :] = AE
        senior[i] = False
    for i in careers.raised:
        senior[i] = np.arange(days) >= careers.changes[int(i)]
    return role, senior


def _rep_rows(
    company: Company, hire: Ints, end: Ints, fte: Floats, changes: dict[int, int]
) -> list[dict[str, Any]]:
    """The versions of each rep, then the managers."""
    first, reps = company.first_day, len(company.rep_ids)
    rows: list[dict[str, Any]] = []
    managers: dict[str, str] = {}
    names = _names(reps + reps // 4 + 10)
    for i in range(reps):
        calendar, zone, region, _, _ = PLACES[company.place[i]]
        # a hire before the history has a hire date all the same
        hired = first + dt.timedelta(days=int(hire[i]) if hire[i] >= 0 else -400 - 37 * (i % 23))
        left = first + dt.timedelta(days=int(end[i])) if end[i] < company.days else None
        starts = [(hired, 0)]
        if i in changes:
            starts.append((first + dt.timedelta(days=changes[i]), company.days - 1))
        for valid_from, day in starts:
            role = int(company.role[i, day])
            team = f"{ROLES[role]} {region}" + (f" {i // 60 + 1}" if reps > 60 else "")
            tier = "senior" if company.senior[i, day] else "junior"
            rows.append(
                {
                    "rep_id": company.rep_ids[i],
                    "rep_name": names[i],
                    "email": _email(names[i]),
                    "manager_id": managers.setdefault(team, f"mgr_{len(managers) + 1:04d}"),
                    "team": team,
                    "region": region,
                    "role": ROLES[role],
                    "tier": None if role == AM else tier,
                    "calendar": calendar,
                    "time_zone": zone,
                    "fte": float(fte[i]),
                    "hire_date": hired,
                    "end_date": left,
                    "valid_from": valid_from,
                }
            )
    hired = first - dt.timedelta(days=1500)
    member = {row["team"]: row for row in reversed(rows)}
    for number, (team, manager_id) in enumerate(managers.items()):
        name = names[reps + number]
        own = {"rep_id": manager_id, "rep_name": name, "email": _email(name), "manager_id": None}
        post = {"role": "Manager", "tier": None, "fte": 1.0, "end_date": None}
        rows.append({**member[team], **own, **post, "hire_date": hired, "valid_from": hired})
    return rows


def _email(name: str) -> str:
    return name.lower().replace(" ", ".") + "@northwind-components.example"


def _plant_causes(company: Company, role: Ints, others: set[int]) -> None:
    """Give a few settled reps of each role a reason to miss or to excel."""
    reps = len(role)
    free = {r: [i for i in range(reps) if role[i] == r and i not in others] for r in (SDR, AE, AM)}
    share = max(1, reps // 30)

    def take(cause: str, role: int, count: int) -> list[int]:
        chosen = free[role][:count]
        del free[role][:count]
        company.causes[cause] = (
            *company.causes.get(cause, ()),
            *(company.rep_ids[i] for i in chosen),
        )
        return chosen

    company.dial_skill[take("few_calls", SDR, share)] = 0.6
    company.win_skill[take("poor_conversion", AE, share)] = 0.45
    company.connect_skill[take("poor_connects", SDR, share)] = 0.6
    company.amount_skill[take("small_deals", AE, share)] = 0.5
    for star_role in (SDR, AE):
        company.skill[take("star", star_role, share)] = 1.35


def _take_leave(
    rep_ids: list[str],
    first: dt.date,
    rng: np.random.Generator,
    hire: Ints,
    end: Ints,
    days: int,
) -> tuple[list[dict[str, Any]], Floats]:
    """One block of leave in each quarter of a year, half days, and a long leave for a few."""
    leave = np.zeros((len(hire), days))
    rows: list[dict[str, Any]] = []

    def add(i: int, start: int, length: int, fraction: float) -> None:
        stop = min(start + length, days, int(end[i]) + 1)
        start = max(start, 0, int(hire[i]))
        if start >= stop or leave[i, start:stop].any():
            return
        leave[i, start:stop] = fraction
        rows.append(
            {
                "rep_id": rep_ids[i],
                "start_date": first + dt.timedelta(days=start),
                "end_date": first + dt.timedelta(days=stop - 1),
                "fraction": fraction,
            }
        )

    for i in range(len(hire)):
        if i % 15 == 12:
            add(i, int(rng.integers(days // 4, days // 2)), 84, 1.0)
        for quarter in range(0, days, 91):
            add(i, quarter + int(rng.integers(0, 60)), int(rng.integers(3, 10)), 1.0)
            if rng.random() < 0.3:
                add(i, quarter + int(rng.integers(70, 88)), 2, 0.5)
    return rows, leave


def agree_on_actions(
    company: Company, rep_rows: Sequence[dict[str, Any]], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """What every other rep agreed on in one-on-ones; nothing is planted that follows from it."""
    ends = {row["rep_id"]: row["end_date"] for row in rep_rows}
    rows: list[dict[str, Any]] = []
    for i, rep_id in enumerate(company.rep_ids):
        if i % 2 or ends[rep_id] is not None:
            continue
        for days_ago in (int(rng.integers(40, 70)), int(rng.integers(5, 20))):
            agreed = company.today - dt.timedelta(days_ago)
            if agreed < company.first_day:
                continue
            metric_id, actions = AGREEMENTS[int(company.role[i, -1])]
            rows.append(
                {
                    "intervention_id": f"int_{len(rows) + 1:04d}",
                    "rep_id": rep_id,
                    "agreed_date": agreed,
                    "metric_id": metric_id,
                    "action": actions[rng.integers(len(actions))],
                    "due_date": agreed + dt.timedelta(28),
                    "note": None,
                }
            )
    return rows


def _ramps(
    policy: Policy, first: dt.date, hire: Ints, role: npt.NDArray[np.int8]
) -> npt.NDArray[np.float32]:
    ramp = np.ones(role.shape, np.float32)
    curves = {
        (row["role"], int(row["month_of_tenure"])): float(row["ramp_ratio"])
        for row in policy.rows("ramp_curves")
    }
    for i in np.flatnonzero(hire >= 0):
        hired = first + dt.timedelta(days=int(hire[i]))
        for d in range(int(hire[i]), role.shape[1]):
            day = first + dt.timedelta(days=d)
            months = (day.year - hired.year) * 12 + day.month - hired.month
            tenure = months + (1 if day.day >= hired.day else 0)
            ramp[i, d] = curves.get((ROLES[role[i, d]], tenure), 1.0)
    return ramp
