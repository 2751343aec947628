"""A made-up company whose truth is known: seasons, conversion rates, lag and people are planted.

Everything a rep does on a day is drawn from `pace x skill x season x capacity x ramp`; the draws of
a month depend on the seed and the month only, so any volume is written in bounded memory.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.demo.defects import DEFECTS, check_defects
from orchestration.policy.reading import Policy, read_policy
from orchestration.sources.canonical import TABLE_BY_NAME, TABLES
from orchestration.sources.reference import holiday_rows

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
FileFormat = Literal["csv", "parquet"]

SDR, AE, AM = 0, 1, 2
ROLES = ("SDR", "AE", "AM")
SENIOR_PACE = 16 / 18  # a senior AE holds fewer demos of larger deals
ROWS_PER_REP_DAY = 10.6  # activities per rep and calendar day, measured; sizes `activities=`

# metrics of one rhythm share a planted season: factor of a month, and of single halves
RHYTHMS: dict[str, dict[str, float]] = {
    "outreach": {"8": 0.85, "12-1": 0.95, "12-2": 0.60, "1": 1.10, "9": 1.08},
    "meetings": {"8": 0.70, "12-1": 0.85, "12-2": 0.45, "1": 1.20, "2-1": 0.90, "9": 1.12},
}
METRIC_RHYTHM = {
    "dials": "outreach",
    "connects": "outreach",
    "conversations": "outreach",
    "emails_sent": "outreach",
    "meetings_booked": "meetings",
    "meetings_held": "meetings",
    "demos_held": "meetings",
    "proposals_sent": "meetings",
}
CONNECT_RATE = (0.22, 0.45, 0.50)  # dials -> connects, by role
CONVERSATION_RATE = 0.55  # connects -> conversations of two minutes or more
DEMO_TO_OPPORTUNITY = 0.35  # AE
MEETING_TO_OPPORTUNITY = 0.30  # AM
WIN_RATE = (0.0, 0.25, 0.45)  # by role
SENIOR_WIN_RATE = 0.28
LAG_DAYS = 35  # median days from a demo to the close of its deal
LAG_SPREAD = 5
LEAD_CONVERSION = 0.45  # SDR: demos -> converted leads
JANUARY_PULL = 0.5  # share of deals due 1-21 February that close before the budget year ends
MEAN_AMOUNT = (0.0, 48_000.0, 28_000.0)  # company currency
SENIOR_AMOUNT = 70_000.0
AMOUNT_SIGMA = 0.5
CURRENCY_RATE = {"USD": 1.0, "EUR": 1.10, "GBP": 1.28}


@dataclass(frozen=True)
class _Stream:
    """One kind of record: its pace per working day of each role and what its rows say."""

    activity_type: str
    direction: str | None
    outcome: str | None
    rhythm: str
    pace: tuple[float, float, float]
    leads_to_deals: bool = False


STREAMS = (
    _Stream("call", "outbound", None, "outreach", (20.0, 5.0, 4.0)),
    _Stream("call", "inbound", "connected", "outreach", (0.0, 3.0, 2.0)),
    _Stream("email", "outbound", "sent", "outreach", (9.0, 4.0, 6.0)),
    _Stream("meeting", None, "booked", "meetings", (1.0, 0.6, 0.8)),
    _Stream("meeting", None, "held", "meetings", (0.0, 1.2, 1.0), True),
    _Stream("demo", None, "held", "meetings", (0.6, 0.85, 0.0), True),
    _Stream("demo", None, "no_show", "meetings", (0.15, 0.1, 0.0)),
    _Stream("proposal", None, "sent", "meetings", (0.0, 0.24, 0.24)),
)

FIRST_NAMES = (
    "Ada Aisha Alejandro Amara Anders Anika Antoine Ben Bianca Camille Carlos Chiara Chloe Daniel "
    "Diego Elena Elias Emma Farah Felix Fiona Grace Hana Hannah Hugo Ines Isabel Ivan Jamal James "
    "Jonas Julia Kai Karim Katarina Lars Laura Leo Lina Lucas Maja Malik Maria Mateo Maya Mia "
    "Nadia Naomi Nina Noah Oliver Omar Paula Priya Rafael Rosa Ruth Samuel Sara Sofia Stefan "
    "Tara Theo Thomas Valentina Victor Yara Yusuf Zoe"
).split()
LAST_NAMES = (
    "Abbott Ahmed Almeida Andersen Baker Barros Bauer Bennett Bianchi Brandt Brooks Carter Castro "
    "Chen Clarke Costa Dubois Duarte Ellis Evans Farouk Fischer Fleming Fontaine Garcia Girard "
    "Gupta Haddad Hansen Harper Hayes Hoffmann Hughes Ibrahim Jensen Johnson Kaya Keller Khan "
    "Kowalski Lambert Larsen Lee Lindgren Lopez Marino Martin Mehta Meyer Moreau Morgan Moreno "
    "Murphy Nakamura Nguyen Novak Okafor Olsen Owens Park Patel Pereira Quinn Reyes Rossi Roy "
    "Schmidt Silva Singh Sokolov Stone Suzuki Taylor Torres Turner Vargas Wagner Walker Weber "
    "Williams Wong Young Ziegler"
).split()
INDUSTRIES = ("Aerospace", "Automotive", "Construction", "Energy", "Food", "Medical", "Rail")
SOURCES = ("web", "trade fair", "referral", "partner", "outbound")
JOB_TITLES = ("Buyer", "Head of Purchasing", "Plant Manager", "Engineer", "Chief Executive")
LEAD_STATUSES = ("converted", "open", "nurture", "disqualified")
# the ideal customer, as odds: how many times likelier a value is among leads that convert
LEAD_PROFILE: dict[str, dict[str, float]] = {
    "industry": {"Medical": 4.0, "Aerospace": 2.0, "Construction": 0.5, "Rail": 0.5, "Food": 0.25},
    "source": {"referral": 4.0, "trade fair": 2.0, "web": 0.6, "outbound": 0.25},
    "job_title": {"Head of Purchasing": 3.0, "Plant Manager": 1.5, "Engineer": 0.4},
}
LOG_EMPLOYEES = (5.0, 1.2)  # mean and spread over leads that do not convert
LOG_EMPLOYEES_CONVERTED = (6.2, 1.0)
LEADS_PER_CONVERSION = 9  # so one lead in nine converts
ACCOUNT_WORDS = (
    ("Alpine", "Atlas", "Beacon", "Cobalt", "Delta", "Granite", "Harbor", "Meridian", "Summit"),
    ("Automation", "Castings", "Drives", "Foods", "Instruments", "Motors", "Rail", "Turbines"),
    ("Group", "Inc", "Ltd", "GmbH", "SA", "Partners", "Works"),
)
# calendar, time zone, region, country, currency; an eighth of the reps is in each
PLACES = (
    ("us", "America/Los_Angeles", "AMER", "US", "USD"),
    ("us", "America/New_York", "AMER", "US", "USD"),
    ("uk", "Europe/London", "EMEA", "GB", "GBP"),
    ("us", "America/Chicago", "AMER", "US", "USD"),
    ("germany", "Europe/Berlin", "EMEA", "DE", "EUR"),
    ("us", "America/Los_Angeles", "AMER", "US", "USD"),
    ("france", "Europe/Paris", "EMEA", "FR", "EUR"),
    ("us", "America/New_York", "AMER", "US", "USD"),
)


# what one-on-ones agree on, by role: a metric and actions
AGREEMENTS: dict[int, tuple[str, tuple[str, ...]]] = {
    SDR: ("dials", ("Block two hours for calls each morning", "Call the old trade fair leads")),
    AE: ("demos_held", ("Offer two dates for every demo", "Confirm each demo the day before")),
    AM: ("meetings_held", ("Meet each top account this month", "Set up reviews with key accounts")),
}


@dataclass(frozen=True)
class DemoTruth:
    """What was planted, so that a test can ask for it back."""

    today: dt.date
    first_day: dt.date
    reps: int
    seasons: dict[str, dict[str, float]]
    conversion_rates: dict[str, float]
    lag_days: dict[str, int]
    reps_by_cause: dict[str, tuple[str, ...]]
    lead_profile: dict[str, dict[str, float]]
    rows: dict[str, int]
    oddities: dict[str, int]


@dataclass
class _Company:
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
    senior: npt.NDArray[np.bool_]
    capacity: npt.NDArray[np.float32]
    ramp: npt.NDArray[np.float32]
    form: npt.NDArray[np.float32]
    stayers: dict[int, Ints]
    causes: dict[str, tuple[str, ...]]

    @property
    def days(self) -> int:
        return (self.today - self.first_day).days + 1


def generate(
    folder: Path,
    *,
    today: dt.date,
    reps: int = 30,
    days: int = 1000,
    seed: int = 7,
    defects: frozenset[str] = frozenset(),
    activities: int | None = None,
    file_format: FileFormat = "csv",
    seeds_dir: Path | None = None,
) -> DemoTruth:
    """Write the demo company's files into `folder`, replacing what an earlier run wrote there.

    Args:
        folder: where the files connector reads, usually `Settings.files_dir`.
        today: the last complete day; nothing but open deals' expected closing lies behind it.
        reps: people who sell; their managers come on top.
        days: length of the history that ends with `today`.
        seed: the same arguments give the same bytes.
        defects: names of `DEFECTS` to plant.
        activities: choose `reps` and `days` so that about this many activities are written.
        file_format: the format of the activities; the other files are CSV.
        seeds_dir: the policy with calendars and ramp curves; the demo company's by default.

    Raises:
        ConfigError: a size or the name of a defect is not usable.
    """
    check_defects(defects)
    if activities is not None:
        reps, days = _size(activities, days)
    if reps < 8 or days < 30:
        raise ConfigError(
            f"demo data: {reps} reps and {days} days are too few to be a company. "
            "Use at least 8 reps and 30 days."
        )
    policy = read_policy(seeds_dir or Settings().seeds_dir)
    rng = np.random.default_rng([seed, 0])
    company, rep_rows, time_off = _hire(policy, today, days, reps, rng)
    with _replacing(folder) as written:
        writer = _Writer(written, company, seed, file_format)
        writer.write_activities()
        writer.write_small("reps", rep_rows)
        writer.write_small("time_off", time_off)
        writer.write_deals(np.random.default_rng([seed, 1]))
        agreed = _agree(company, rep_rows, np.random.default_rng([seed, 8]))
        writer.write_small("interventions", agreed)
        for name in sorted(defects):
            DEFECTS[name].plant(written, today)
    return DemoTruth(
        today=today,
        first_day=company.first_day,
        reps=reps,
        seasons=_planted_seasons(company),
        conversion_rates={
            "SDR dials -> connects": CONNECT_RATE[SDR],
            "AE dials -> connects": CONNECT_RATE[AE],
            "AM dials -> connects": CONNECT_RATE[AM],
            "connects -> conversations": CONVERSATION_RATE,
            "AE demos_held -> opportunities_created": DEMO_TO_OPPORTUNITY,
            "AM meetings_held -> opportunities_created": MEETING_TO_OPPORTUNITY,
            "AE deals_closed -> deals_won": WIN_RATE[AE],
            "AE senior deals_closed -> deals_won": SENIOR_WIN_RATE,
            "AM deals_closed -> deals_won": WIN_RATE[AM],
            "SDR demos_held -> leads_converted": LEAD_CONVERSION,
        },
        lag_days={"demos_held -> deals_won": LAG_DAYS},
        reps_by_cause=company.causes,
        lead_profile=LEAD_PROFILE,
        rows=writer.rows,
        oddities=writer.oddities,
    )


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Where to write the files: when all are written, they replace those in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".demo-") as name:
        yield Path(name)
        for table in TABLES:
            for suffix in ("csv", "parquet"):
                (folder / f"{table.name}.{suffix}").unlink(missing_ok=True)
        for path in Path(name).iterdir():
            path.replace(folder / path.name)


def _size(activities: int, days: int) -> tuple[int, int]:
    reps = max(8, round(activities / (ROWS_PER_REP_DAY * days)))
    return reps, max(30, min(days, round(activities / (ROWS_PER_REP_DAY * reps))))


def _month_of(day: dt.date, months: int) -> dt.date:
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def _slot(day: dt.date) -> str:
    return f"{day.month}-{1 if day.day <= 15 else 2}"


def _season_of(rhythm: str, day: dt.date) -> float:
    factors = RHYTHMS[rhythm]
    return factors.get(_slot(day), factors.get(str(day.month), 1.0))


def _workdays(policy: Policy, first: dt.date, last: dt.date) -> dict[str, npt.NDArray[np.bool_]]:
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


def _planted_seasons(company: _Company) -> dict[str, dict[str, float]]:
    """The planted index by metric and slot; its mean over a fiscal year's working days is 1."""
    start = int(company.policy.setting("fiscal_year_start_month") or 1)
    last = dt.date(company.today.year, start, 1) - dt.timedelta(days=1)
    first = dt.date(last.year - 1, start, 1)
    worked = _workdays(company.policy, first, last)[
        company.policy.setting("default_calendar") or "us"
    ]
    year = [first + dt.timedelta(days=int(i)) for i in np.flatnonzero(worked)]
    slots = [f"{month}-{half}" for month in range(1, 13) for half in (1, 2)]
    seasons: dict[str, dict[str, float]] = {}
    for metric, rhythm in METRIC_RHYTHM.items():
        mean = float(np.mean([_season_of(rhythm, day) for day in year]))
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


def _hire(
    policy: Policy, today: dt.date, days: int, reps: int, rng: np.random.Generator
) -> tuple[_Company, list[dict[str, Any]], list[dict[str, Any]]]:
    """The company, and the rows of reps.csv and time_off.csv."""
    first = today - dt.timedelta(days=days - 1)
    everyone = np.arange(reps)
    rep_ids = [f"rep_{i + 1:04d}" for i in range(reps)]
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

    role = np.repeat(start_role.astype(np.int8)[:, None], days, axis=1)
    senior = np.repeat(((start_role != AM) & (everyone % 4 == 2))[:, None], days, axis=1)
    for i in promoted:
        role[i, changes[int(i)] :] = AE
        senior[i] = False
    for i in raised:
        senior[i] = np.arange(days) >= changes[int(i)]
    day = np.arange(days)
    employed = (day >= hire[:, None]) & (day <= end[:, None])
    time_off, leave = _take_leave(rep_ids, first, rng, hire, end, days)
    worked = _workdays(policy, first, today)
    place = everyone // 2 % len(PLACES)
    capacity = employed * np.stack([worked[PLACES[p][0]] for p in place]) * fte[:, None]
    stays = (hire < 0) & (end > days)
    company = _Company(
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
            "new_hire": tuple(rep_ids[i] for i in new_hires),
            "leaver": tuple(rep_ids[i] for i in leavers),
            "promoted": tuple(rep_ids[i] for i in promoted),
            "became_senior": tuple(rep_ids[i] for i in raised),
            "part_time": tuple(rep_ids[i] for i in np.flatnonzero(fte < 1)),
        },
    )
    _plant_causes(company, start_role, {*new_hires, *leavers, *changes})
    return company, _rep_rows(company, hire, end, fte, changes), time_off


def _rep_rows(
    company: _Company, hire: Ints, end: Ints, fte: Floats, changes: dict[int, int]
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


def _plant_causes(company: _Company, role: Ints, others: set[int]) -> None:
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


def _agree(
    company: _Company, rep_rows: Sequence[dict[str, Any]], rng: np.random.Generator
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


class _Writer:
    """Draws the records month by month and writes them."""

    def __init__(self, folder: Path, company: _Company, seed: int, file_format: FileFormat) -> None:
        self.folder, self.company, self.seed = folder, company, seed
        self.file_format = file_format
        self.rows: dict[str, int] = {}
        self.oddities = {"unassigned": 0, "late": 0, "backdated": 0, "deleted": 0, "midnight": 0}
        self.epoch = (company.first_day - dt.date(1970, 1, 1)).days
        zones = sorted({place[1] for place in PLACES})
        offsets = np.array([self._offsets(zone) for zone in zones])
        self.zone_of_place = np.array([zones.index(place[1]) for place in PLACES])
        self.offsets = offsets
        zone = ZoneInfo(company.policy.setting("company_time_zone") or "UTC")
        midnight = dt.datetime.combine(company.today + dt.timedelta(days=1), dt.time(), zone)
        self.end_of_today = int(midnight.timestamp())
        self.accounts = max(50, len(company.rep_ids) * 12)
        # a deal's seed: rep, day and second of the meeting that opened it
        self.openings: list[tuple[Ints, Ints, Ints]] = []
        self.sdr_demos: list[tuple[Ints, Ints, Ints]] = []

    def _offsets(self, zone: str) -> list[int]:
        info = ZoneInfo(zone)
        noons = (
            dt.datetime.combine(self.company.first_day + dt.timedelta(days=d), dt.time(12), info)
            for d in range(self.company.days)
        )
        return [int((noon.utcoffset() or dt.timedelta()).total_seconds()) for noon in noons]

    def utc(self, rep: Ints, day: Ints, second: Ints) -> Ints:
        """Seconds since 1970 UTC of a local second of a day."""
        zone = self.zone_of_place[self.company.place[rep]]
        result: Ints = (self.epoch + day) * 86_400 + second - self.offsets[zone, day]
        return result

    def write_activities(self) -> None:
        """The activities, one month at a time."""
        schema = pa.schema(
            [(column.name, _ARROW[column.type]) for column in TABLE_BY_NAME["activities"].columns]
        )
        company, written, day, month = self.company, 0, 0, 0
        with ExitStack() as stack:
            path = self.folder / f"activities.{self.file_format}"
            sink: Any = (
                stack.enter_context(pq.ParquetWriter(path, schema))
                if self.file_format == "parquet"
                else stack.enter_context(pa_csv.CSVWriter(path, _csv_schema(schema), **_CSV))
            )
            while day < company.days:
                first = company.first_day + dt.timedelta(days=day)
                following = (_month_of(first, 1) - company.first_day).days
                rng = np.random.default_rng([self.seed, 2, month])
                # 2,000 reps at a time keep a month of a large company in memory
                for block in range(0, len(company.rep_ids), 2_000):
                    fate = np.random.default_rng([self.seed, 7, month, block])
                    last = min(following, company.days)
                    table = self._draw(rng, fate, block, day, last, written)
                    if table is not None:
                        written += table.num_rows
                        table = table.cast(schema)
                        sink.write(_as_text(table) if self.file_format == "csv" else table)
                day, month = following, month + 1
        self.rows["activities"] = written

    def _draw(
        self,
        rng: np.random.Generator,
        fate: np.random.Generator,
        block: int,
        first: int,
        last: int,
        written: int,
    ) -> pa.Table | None:
        company = self.company
        reps = slice(block, block + 2_000)
        role = company.role[reps, first:last]
        senior = company.senior[reps, first:last] & (role == AE)
        ready = company.capacity[reps, first:last] * company.ramp[reps, first:last]
        skill = company.skill[reps, None]
        days = [company.first_day + dt.timedelta(days=d) for d in range(first, last)]
        season = {r: np.array([_season_of(r, day) for day in days]) for r in RHYTHMS}
        form = company.form[reps][:, np.arange(first, last) // 7]
        found: list[tuple[Ints, Ints, Ints]] = []
        for number, stream in enumerate(STREAMS):
            pace = np.array(stream.pace)[role] * ready * skill * season[stream.rhythm]
            if stream.activity_type == "call" and stream.direction == "outbound":
                pace = pace * company.dial_skill[reps, None]
            if stream.activity_type == "demo":
                pace = pace * form * np.where(senior, SENIOR_PACE, 1.0)
            counts = rng.poisson(pace)
            rep, day = np.nonzero(counts)
            times = counts[rep, day]
            found.append(
                (
                    np.repeat(rep, times) + block,
                    np.repeat(day, times) + first,
                    np.full(int(times.sum()), number),
                )
            )
        rep = np.concatenate([part[0] for part in found])
        day = np.concatenate([part[1] for part in found])
        kind = np.concatenate([part[2] for part in found])
        if not len(rep):
            return None
        order = np.lexsort((rep, day))
        rep, day, kind = rep[order], day[order], kind[order]
        count = len(rep)
        second = rng.integers(8 * 3600 + 1800, 17 * 3600 + 1800, count)
        midnight = rng.random(count) < 0.003
        second[midnight] = rng.integers(23 * 3600, 24 * 3600, int(midnight.sum()))
        occurred = self.utc(rep, day, second)
        self._remember(rep, day, kind, second, rng)
        kept = self._came_about(fate, rep, day, kind)
        return self._table(rng, rep, day, kind, occurred, midnight, kept, written)

    def _came_about(
        self, fate: np.random.Generator, rep: Ints, day: Ints, kind: Ints
    ) -> npt.NDArray[np.bool_]:
        """An SDR's meetings and demos come from calls: who makes or reaches fewer has fewer.

        Leads come in all the same, so that this moves no other number of the company.
        """
        company = self.company
        types = np.array([stream.activity_type for stream in STREAMS])[kind]
        from_calls = (company.role[rep, day] == SDR) & np.isin(types, ("meeting", "demo"))
        skill = company.dial_skill[rep] * company.connect_skill[rep]
        result: npt.NDArray[np.bool_] = ~from_calls | (fate.random(len(rep)) < skill)
        return result

    def _remember(
        self, rep: Ints, day: Ints, kind: Ints, second: Ints, rng: np.random.Generator
    ) -> None:
        """Keep the demos and meetings that open deals or convert leads."""
        role = self.company.role[rep, day]
        types = np.array([s.activity_type if s.leads_to_deals else "" for s in STREAMS])
        chance = rng.random(len(rep))
        demo, meeting = types[kind] == "demo", types[kind] == "meeting"
        opens = (demo & (role == AE) & (chance < DEMO_TO_OPPORTUNITY)) | (
            meeting & (role == AM) & (chance < MEETING_TO_OPPORTUNITY)
        )
        converts = demo & (role == SDR) & (chance < LEAD_CONVERSION)
        self.openings.append((rep[opens], day[opens], second[opens]))
        self.sdr_demos.append((rep[converts], day[converts], second[converts]))

    def _table(
        self,
        rng: np.random.Generator,
        rep: Ints,
        day: Ints,
        kind: Ints,
        occurred: Ints,
        midnight: npt.NDArray[np.bool_],
        kept: npt.NDArray[np.bool_],
        written: int,
    ) -> pa.Table:
        company, count = self.company, len(rep)
        role = company.role[rep, day]
        # what became of a call, and how long it took
        is_call = kind <= 1
        connected = rng.random(count) < np.array(CONNECT_RATE)[role] * company.connect_skill[rep]
        connected = is_call & (connected | (kind == 1))
        talked = connected & (rng.random(count) < CONVERSATION_RATE)
        outcomes = ["connected", "no_answer", "voicemail", "busy"]
        own = [stream.outcome for stream in STREAMS]
        labels = pa.array(outcomes + [outcome or "" for outcome in own])
        missed = 1 + np.searchsorted([0.6, 0.9], rng.random(count))
        outcome = np.where(connected, 0, np.where(is_call, missed, len(outcomes) + kind))
        length = rng.integers(0, 1200, count)
        short = np.where(connected, 5 + length % 115, length % 40)
        duration = np.where(talked, 120 + length, short)
        # records that came late, were dated back, lost their owner or were deleted
        draw = rng.random(count)
        unassigned, deleted = draw < 0.004, (draw >= 0.004) & (draw < 0.008)
        latest = np.maximum(self.end_of_today - 1, occurred)
        noticed = occurred + rng.integers(10, 40, count) * 86_400
        edited = occurred + rng.integers(30, 120, count) * 86_400
        backdated = (draw >= 0.008) & (draw < 0.011) & (noticed <= latest)
        late = (draw >= 0.011) & (draw < 0.016) & (edited <= latest)
        logged = np.minimum(occurred + rng.integers(1, 3600, count), latest)
        logged = np.where(backdated, noticed, logged)
        changed = np.where(late | deleted, np.minimum(edited, latest), logged)
        self._count("unassigned", unassigned & kept)
        self._count("deleted", deleted & kept)
        self._count("backdated", backdated & kept)
        self._count("late", late & kept)
        self._count("midnight", midnight & kept)
        account = rng.integers(1, self.accounts + 1, count)
        table = pa.table(
            {
                "activity_id": _ids("act_", written + np.cumsum(kept)),
                "rep_id": pc.if_else(
                    pa.array(unassigned), None, pa.array(company.rep_ids).take(pa.array(rep))
                ),
                "activity_type": pa.array([s.activity_type for s in STREAMS]).take(pa.array(kind)),
                "direction": pa.array([s.direction for s in STREAMS]).take(pa.array(kind)),
                "outcome": labels.take(pa.array(outcome)),
                "occurred_at": _moments(occurred),
                "duration_seconds": pa.array(duration.astype(np.float64), mask=~is_call),
                "contact_id": _ids("con_", account * 3 + day % 3),
                "lead_id": pa.nulls(count, pa.string()),
                "account_id": _ids("acc_", account),
                "opportunity_id": pa.nulls(count, pa.string()),
                "created_at": _moments(logged),
                "updated_at": _moments(changed),
                "is_deleted": pa.array(deleted),
            }
        )
        return table.filter(pa.array(kept))

    def _count(self, oddity: str, mask: npt.NDArray[np.bool_]) -> None:
        self.oddities[oddity] += int(mask.sum())

    def write_deals(self, rng: np.random.Generator) -> None:
        """The deals, their splits and stages, the leads behind them, and the accounts."""
        company, days = self.company, self.company.days
        rep, day, second = (np.concatenate([p[k] for p in self.openings]) for k in range(3))
        count = len(rep)
        role = company.role[rep, day].astype(np.int64)
        senior = company.senior[rep, day] & (role == AE)
        created = self.utc(rep, day, np.minimum(second + 1800, 86_399))
        due = day + np.maximum(7, np.rint(rng.normal(LAG_DAYS, LAG_SPREAD, count)).astype(np.int64))
        due = self._pull_into_january(rng, day, due)
        # a deal of a rep who left is closed by a colleague
        gone = (due < days) & (self._last_day()[rep] < due)
        colleague = self._colleagues(rng, role)
        rep = np.where(gone, colleague, rep)
        upcoming = self._next_working()
        inside = due < days
        closing = np.where(inside, upcoming[rep, np.minimum(due, days - 1)], due)
        closed = closing < days
        base = np.where(senior, SENIOR_WIN_RATE, np.array(WIN_RATE)[role])
        won = closed & (rng.random(count) < base * company.win_skill[rep])
        mean = np.where(senior, SENIOR_AMOUNT, np.array(MEAN_AMOUNT)[role])
        spread = np.exp(rng.normal(-(AMOUNT_SIGMA**2) / 2, AMOUNT_SIGMA, count))
        currency = np.array([place[4] for place in PLACES])[company.place[rep]]
        rate = np.array([CURRENCY_RATE[c] for c in currency]) if count else np.ones(0)
        amount = np.round(mean * spread * company.amount_skill[rep] / rate, -1)
        draw = rng.random(count)
        unassigned, deleted = draw < 0.01, (draw >= 0.01) & (draw < 0.02)
        self.oddities["unassigned_deals"] = int(unassigned.sum())
        self.oddities["deleted_deals"] = int(deleted.sum())
        # closed at noon UTC
        touched = np.where(closed, (self.epoch + closing) * 86_400 + 43_200, created)
        identity = _ids("opp_", np.arange(1, count + 1))
        account = rng.integers(1, self.accounts + 1, count)
        lead, leads = self._leads(rng, created)
        lead_rng = np.random.default_rng([self.seed, 11])
        self._write(
            "opportunities",
            {
                "opportunity_id": identity,
                "rep_id": pc.if_else(
                    pa.array(unassigned), None, pa.array(company.rep_ids).take(pa.array(rep))
                ),
                "account_id": _ids("acc_", account),
                "lead_id": lead,
                "opportunity_type": pa.array(["", "new_business", "expansion"]).take(
                    pa.array(role)
                ),
                "stage": pa.array(["proposal", "closed lost", "closed won"]).take(
                    pa.array(closed.astype(np.int64) + won)
                ),
                "amount": pa.array(amount),
                "currency": pa.array(currency),
                "created_at": _moments(created),
                "close_date": pa.array((self.epoch + closing).astype(np.int32)).cast(pa.date32()),
                "is_closed": pa.array(closed),
                "is_won": pa.array(won),
                "updated_at": _moments(touched),
                "is_deleted": pa.array(deleted),
            },
        )
        self._write_splits(rng, identity, rep, role, unassigned)
        self._write_stages(identity, created, closing, closed, won, touched)
        industries = self._write_accounts(rng)
        leads = self._add_leads_that_do_not_convert(lead_rng, leads)
        self._write("leads", self._plant_profile(lead_rng, leads, industries))

    def _pull_into_january(self, rng: np.random.Generator, day: Ints, due: Ints) -> Ints:
        dates = np.datetime64(self.company.first_day) + due
        month = dates.astype("datetime64[M]")
        in_february = (month.astype(np.int64) % 12 == 1) & ((dates - month).astype(np.int64) < 21)
        pulled = in_february & (rng.random(len(due)) < JANUARY_PULL)
        back = (dates - month).astype(np.int64) + 1 + rng.integers(0, 14, len(due))
        result: Ints = np.where(pulled & (due - back >= day + 7), due - back, due)
        return result

    def _last_day(self) -> Ints:
        """The last day of each rep with any capacity."""
        capacity = self.company.capacity > 0
        result: Ints = capacity.shape[1] - 1 - np.argmax(capacity[:, ::-1], axis=1)
        leavers = set(self.company.causes["leaver"])
        stays = np.array([rep_id not in leavers for rep_id in self.company.rep_ids])
        result[stays] = capacity.shape[1]
        return result

    def _next_working(self) -> Ints:
        """By rep and day, the first day from there with capacity; the number of days if none."""
        capacity = self.company.capacity > 0
        days = capacity.shape[1]
        index = np.where(capacity, np.arange(days), days)
        result: Ints = np.minimum.accumulate(index[:, ::-1], axis=1)[:, ::-1]
        return result

    def _colleagues(self, rng: np.random.Generator, role: Ints) -> Ints:
        """For each deal a rep who held its role through the whole history."""
        result = np.zeros(len(role), np.int64)
        for number, stayers in self.company.stayers.items():
            chosen = role == number
            result[chosen] = rng.choice(stayers, int(chosen.sum()))
        return result

    def _write_splits(
        self,
        rng: np.random.Generator,
        identity: pa.Array,
        rep: Ints,
        role: Ints,
        unassigned: npt.NDArray[np.bool_],
    ) -> None:
        colleague = self._colleagues(rng, role)
        shared = np.flatnonzero((rng.random(len(rep)) < 0.05) & (colleague != rep) & ~unassigned)
        self.oddities["split_deals"] = len(shared)
        names = pa.array(self.company.rep_ids)
        ratio = rng.choice([0.5, 0.6, 0.75], len(shared))
        both = np.concatenate([shared, shared])
        self._write(
            "opportunity_splits",
            {
                "opportunity_id": identity.take(pa.array(both)),
                "rep_id": names.take(pa.array(np.concatenate([rep[shared], colleague[shared]]))),
                "split_ratio": pa.array(np.concatenate([ratio, 1 - ratio])),
            },
        )

    def _write_stages(
        self,
        identity: pa.Array,
        created: Ints,
        closing: Ints,
        closed: npt.NDArray[np.bool_],
        won: npt.NDArray[np.bool_],
        touched: Ints,
    ) -> None:
        count = len(created)
        middle = np.minimum((created + (self.epoch + closing) * 86_400) // 2, self.end_of_today - 1)
        middle = np.maximum(middle, created + 1)
        ends = np.flatnonzero(closed)
        final = np.maximum(touched, middle + 1)[ends]
        every = np.arange(count)
        stage = np.concatenate([np.zeros(count), np.ones(count), 2 + won[ends]]).astype(np.int64)
        self._write(
            "opportunity_stage_changes",
            {
                "opportunity_id": identity.take(pa.array(np.concatenate([every, every, ends]))),
                "from_stage": pa.array([None, "discovery", "proposal", "proposal"]).take(
                    pa.array(stage)
                ),
                "to_stage": pa.array(["discovery", "proposal", "closed lost", "closed won"]).take(
                    pa.array(stage)
                ),
                "changed_at": _moments(np.concatenate([created, middle, final])),
            },
        )

    def _leads(
        self, rng: np.random.Generator, opened: Ints
    ) -> tuple[pa.Array, dict[str, pa.Array]]:
        """The lead of each deal, and leads: for each that converted, two that did not."""
        rep, day, second = (np.concatenate([p[k] for p in self.sdr_demos]) for k in range(3))
        converted = self.utc(rep, day, np.minimum(second + 2400, 86_399))
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
            "lead_id": _ids("lead_", np.arange(1, total + 1)),
            "rep_id": pa.array(self.company.rep_ids).take(pa.array(rep_all)),
            "account_id": _ids("acc_", rng.integers(1, self.accounts + 1, total)),
            "created_at": _moments(created),
            "source": pick(SOURCES),
            "industry": pick(INDUSTRIES),
            "employee_count": pa.array(np.rint(np.exp(rng.normal(5, 1.2, total))) + 1),
            "country": pa.array([place[3] for place in PLACES]).take(
                pa.array(self.company.place[rep_all])
            ),
            "job_title": pick(JOB_TITLES),
            "status": pa.array(LEAD_STATUSES).take(pa.array(status)),
            "converted_at": pc.if_else(pa.array(is_converted), _moments(converted_all), None),
            "opportunity_id": pc.if_else(pa.array(deal_all > 0), _ids("opp_", deal_all), None),
            "is_deleted": pa.array(rng.random(total) < 0.002),
        }
        return pc.if_else(pa.array(lead_of_deal > 0), _ids("lead_", lead_of_deal), None), leads

    def _add_leads_that_do_not_convert(
        self, rng: np.random.Generator, leads: dict[str, pa.Array]
    ) -> dict[str, pa.Array]:
        """Leads of SDRs and AEs that came to nothing or, the youngest, to nothing so far."""
        company, known = self.company, len(leads["lead_id"])
        count = known // 3 * (LEADS_PER_CONVERSION - 3)
        sellers = np.argwhere((company.capacity > 0) & (company.role != AM))
        rep, day = (
            sellers[rng.integers(0, len(sellers), count)].T if count else np.zeros((2, 0), int)
        )
        created = np.minimum(
            self.utc(rep, day, rng.integers(7 * 3600, 20 * 3600, count)), self.end_of_today - 1
        )
        # the older a lead, the likelier it was put aside
        age = (self.end_of_today - created) / 86_400
        aside = rng.random(count) < age / (age + 30)
        status = np.where(aside, rng.integers(2, 4, count), 1)

        def pick(values: Sequence[str]) -> pa.Array:
            return pa.array(values).take(pa.array(rng.integers(0, len(values), count)))

        more = {
            "lead_id": _ids("lead_", np.arange(known + 1, known + count + 1)),
            "rep_id": pa.array(company.rep_ids).take(pa.array(rep)),
            "account_id": pa.nulls(count, pa.string()),
            "created_at": _moments(created),
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

    def _plant_profile(
        self, rng: np.random.Generator, leads: dict[str, pa.Array], industries: Sequence[str]
    ) -> dict[str, pa.Array]:
        """Leads that convert, or will, are ideal customers; accounts fit their leads."""
        total = len(leads["lead_id"])
        converts = leads["converted_at"].is_valid().to_numpy(zero_copy_only=False)
        # of the open leads of the last weeks as many will convert as of any others
        age = self.end_of_today - leads["created_at"].cast(pa.int64()).to_numpy()
        young = ~converts & (age < 21 * 86_400)
        converts = converts | (young & (rng.random(total) < 1 / LEADS_PER_CONVERSION))
        mask = pa.array(converts)
        for attribute, values in (
            ("source", SOURCES),
            ("industry", INDUSTRIES),
            ("job_title", JOB_TITLES),
        ):
            odds = np.array([LEAD_PROFILE[attribute].get(value, 1.0) for value in values])
            drawn = pa.array(values).take(
                pa.array(rng.choice(len(values), total, p=odds / odds.sum()))
            )
            leads[attribute] = pc.if_else(mask, drawn, leads[attribute])
        employees = np.rint(np.exp(rng.normal(*LOG_EMPLOYEES_CONVERTED, total))) + 1
        leads["employee_count"] = pc.if_else(mask, pa.array(employees), leads["employee_count"])
        # where a lead comes from says nothing
        countries = pa.array([place[3] for place in PLACES])
        leads["country"] = countries.take(pa.array(rng.integers(0, len(PLACES), total)))
        # an account of the lead's industry, if there is one
        of_industry = {name: np.flatnonzero(np.array(industries) == name) for name in INDUSTRIES}
        choice = rng.random(total)
        industry = np.array(leads["industry"].to_pylist())
        account = rng.integers(0, self.accounts, total)
        for name, accounts in of_industry.items():
            chosen = (industry == name) & (len(accounts) > 0)
            account[chosen] = accounts[(choice[chosen] * len(accounts)).astype(np.int64)]
        return {**leads, "account_id": _ids("acc_", account + 1)}

    def _write_accounts(self, rng: np.random.Generator) -> Sequence[str]:
        """Write the accounts; the industry of each."""
        count = self.accounts
        words = [rng.choice(list(options), count) for options in ACCOUNT_WORDS]
        employees = np.rint(np.exp(rng.normal(5.5, 1.3, count))) + 5
        revenue = np.rint(employees * rng.uniform(90_000, 300_000, count))
        industries: list[str] = rng.choice(list(INDUSTRIES), count).tolist()
        self._write(
            "accounts",
            {
                "account_id": _ids("acc_", np.arange(1, count + 1)),
                "account_name": pa.array([" ".join(parts) for parts in zip(*words, strict=True)]),
                "industry": pa.array(industries),
                "employee_count": pa.array(employees),
                "annual_revenue": pa.array(revenue),
                "country": pa.array(rng.choice(["US", "GB", "DE", "FR"], count)),
                "fiscal_year_end_month": pa.array(rng.choice([1, 3, 6, 12], count)),
            },
        )
        return industries

    def write_small(self, name: str, rows: list[dict[str, Any]]) -> None:
        """A table given as rows."""
        columns = TABLE_BY_NAME[name].columns
        self._write(name, {c.name: pa.array([r[c.name] for r in rows]) for c in columns})

    def _write(self, name: str, columns: dict[str, pa.Array]) -> None:
        schema = pa.schema([(c.name, _ARROW[c.type]) for c in TABLE_BY_NAME[name].columns])
        table = pa.table(columns).select(schema.names).cast(schema)
        pa_csv.write_csv(_as_text(table), self.folder / f"{name}.csv", **_CSV)
        self.rows[name] = table.num_rows


_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("s"),
}
_CSV = {"write_options": pa_csv.WriteOptions(quoting_style="none")}


def _csv_schema(schema: pa.Schema) -> pa.Schema:
    text = [pa.field(f.name, pa.string()) if pa.types.is_timestamp(f.type) else f for f in schema]
    return pa.schema(text)


def _as_text(table: pa.Table) -> pa.Table:
    """Timestamps as `2026-11-23T17:05:00Z`, which no reader takes for a local time."""
    for i, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            moments = table.column(i).to_numpy(zero_copy_only=False)
            text = np.datetime_as_string(moments, unit="s")
            filled = pa.array(text, mask=np.isnat(moments))
            zoned = pc.binary_join_element_wise(filled, "Z", "")
            table = table.set_column(i, column.name, zoned)
    return table


def _moments(seconds: Ints) -> pa.Array:
    return pa.array(seconds).cast(pa.timestamp("s"))


def _ids(prefix: str, numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")
