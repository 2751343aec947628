"""What is planted in the demo company: seasons, rates, lags, profiles, names and places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

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
class Stream:
    """One kind of record: its pace per working day of each role and what its rows say."""

    activity_type: str
    direction: str | None
    outcome: str | None
    rhythm: str
    pace: tuple[float, float, float]
    leads_to_deals: bool = False


STREAMS = (
    Stream("call", "outbound", None, "outreach", (20.0, 5.0, 4.0)),
    Stream("call", "inbound", "connected", "outreach", (0.0, 3.0, 2.0)),
    Stream("email", "outbound", "sent", "outreach", (9.0, 4.0, 6.0)),
    Stream("meeting", None, "booked", "meetings", (1.0, 0.6, 0.8)),
    Stream("meeting", None, "held", "meetings", (0.0, 1.2, 1.0), True),
    Stream("demo", None, "held", "meetings", (0.6, 0.85, 0.0), True),
    Stream("demo", None, "no_show", "meetings", (0.15, 0.1, 0.0)),
    Stream("proposal", None, "sent", "meetings", (0.0, 0.24, 0.24)),
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

CONVERSION_RATES = {
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
}
