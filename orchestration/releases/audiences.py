"""Who sees what of the site: its audiences and, table by table, the rows that each of them gets.

A person sees themselves and everybody below them in the tree of managers. Of others they see
aggregates, and only where at least `SMALLEST_GROUP` people they do not see stand behind one: a
total minus one's own figures must not be a colleague's. Analysts see everything.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.core.environment import EMAIL
from orchestration.core.errors import ConfigError, PublishError
from orchestration.core.sql import read_sql
from orchestration.core.state_files import read_cache, read_state

LISTING = "audiences.json"
NGINX_MAP = "audiences.map"
NOBODY = "nobody"  # the folder of logins that nobody knows: every table, and no row
SMALLEST_GROUP = 3
HOW_TO_LET_IN = "Give each a row in reps, or a user in the CRM, with an e-mail of their own."


@dataclass(frozen=True)
class Rule:
    """What an audience that does not see everything gets of a table of the site.

    `rows` says which rows: all of them; those of `own` people (`rep_id`); aggregates of the own
    `team` and of the organisation; those of the own `role` (or of none); `goals` and `signals` by
    what they apply to; or none. `team_columns` and `organisation_columns` hold an aggregate that is
    left empty where too few people stand behind it, `left_empty` is never shown.
    """

    rows: Literal["all", "own", "team", "role", "goals", "signals", "none"]
    team_columns: tuple[str, ...] = ()
    organisation_columns: tuple[str, ...] = ()
    left_empty: tuple[str, ...] = ()


RULES = {
    # what a check found may name anybody
    "data_checks": Rule("all", left_empty=("observed_value", "expected")),
    "dim_goals": Rule("goals"),
    "dim_metrics": Rule("all"),
    "dim_performance_levels": Rule("all"),
    "dim_period_types": Rule("all"),
    "dim_reps": Rule("own"),
    "dim_seasonal_adjustments": Rule("role"),
    "dim_statuses": Rule("all"),
    # ids of anybody's records
    "excluded_record_reasons": Rule("none"),
    "fct_goals_daily": Rule("own"),
    # planning and judging goals is the work of those who set them, over all roles
    "goal_plan": Rule("none"),
    "goal_quality": Rule("none"),
    # over all leads, and only from 20 on
    "lead_score_attributes": Rule("all"),
    "lead_score_calibration": Rule("all"),
    "lead_scores": Rule("own"),
    "leading_indicator_audit": Rule("role"),
    "projection_calibration": Rule("role"),
    "record_accounting": Rule("all"),
    "releases": Rule("all"),
    "scorecard_benchmarks": Rule(
        "own", team_columns=("team_value",), organisation_columns=("organisation_value",)
    ),
    "scorecard_data_signals": Rule("signals"),
    "scorecard_diagnosis": Rule("own"),
    "scorecard_focus": Rule("own", team_columns=("team_good_ratio",)),
    "scorecard_funnels": Rule("own"),
    "scorecard_history": Rule("own"),
    "scorecard_interventions": Rule("own"),
    "scorecard_one_on_one_metrics": Rule("own"),
    "scorecard_one_on_ones": Rule("own"),
    "scorecard_rep_metrics": Rule("own", team_columns=("team_coverage_ratio",)),
    "scorecard_rep_metrics_weekly": Rule("own"),
    "scorecard_reps": Rule("own"),
    "scorecard_reps_weekly": Rule("own"),
    "scorecard_restatements": Rule("own"),
    "scorecard_teams": Rule("team"),
    "scorecard_teams_weekly": Rule("team"),
}


@dataclass(frozen=True)
class Person:
    """A rep as they are on the as-of date."""

    rep_id: str
    name: str
    email: str | None
    manager_id: str | None
    team: str | None
    role: str | None
    is_active: bool


@dataclass(frozen=True)
class Audience:
    """Who reads a folder, and the reps in it; without a person everything is."""

    emails: tuple[str, ...]
    folder: str
    person: Person | None = None
    reps: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SiteTable:
    """A table of the site before anything is left out of it."""

    name: str
    rows: pa.Table
    partitioned_by: str | None = None

    @cached_property
    def positions(self) -> Mapping[Any, list[int]]:
        """Where the rows of each rep lie; of each team, in a table of teams."""
        column = "rep_id" if "rep_id" in self.rows.column_names else "team"
        found: defaultdict[Any, list[int]] = defaultdict(list)
        for position, value in enumerate(self.rows.column(column).to_pylist()):
            found[value].append(position)
        return found

    def take(self, values: Iterable[str | None]) -> pa.Table:
        """The rows of some reps or teams, in their order."""
        chosen = sorted(position for value in values for position in self.positions.get(value, ()))
        return self.rows.take(pa.array(chosen, pa.int64()))


def require_rules(tables: Iterable[str]) -> None:
    """Refuse tables of which nobody has said who may see them.

    Raises:
        PublishError: a table has no rule.
    """
    unknown = sorted(set(tables) - RULES.keys())
    if unknown:
        raise PublishError(
            f"orchestration/releases/audiences.py has no rule for {', '.join(unknown)}, so nobody "
            "knows who may see it. Add one to RULES; nothing was published."
        )


def read_people(connection: duckdb.DuckDBPyConnection) -> dict[str, Person]:
    """The people of a release, by id."""
    rows = connection.execute(
        "select rep_id, rep_name, email, manager_id, team, role, is_active"
        " from marts.dim_reps where is_current and rep_id <> 'unassigned' order by rep_id"
    ).fetchall()
    return {row[0]: Person(*row) for row in rows}


class Company:
    """The people of a release, and how many of them stand behind each aggregate."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read people and groups from the tables of a release."""
        self.people = read_people(connection)
        self.reports: defaultdict[str | None, list[str]] = defaultdict(list)
        for person in self.people.values():
            self.reports[person.manager_id].append(person.rep_id)
        self.places: defaultdict[str, list[tuple[str | None, _Group]]] = defaultdict(list)
        places = connection.execute(read_sql(__package__, "audience_places")).fetchall()
        for rep_id, team, *group in places:
            self.places[rep_id].append((team, (group[0], group[1], group[2])))
        for person in self.people.values():
            if person.is_active:
                self.places[person.rep_id].append((person.team, _TODAY))
        self.in_team = Counter(place for places in self.places.values() for place in places)
        self.in_all = Counter(group for places in self.places.values() for _, group in places)
        self.in_role = Counter(person.role for person in self.people.values() if person.is_active)

    def tree_below(self, rep_id: str) -> frozenset[str]:
        """A person and all below them, over any number of levels."""
        found: set[str] = set()
        waiting = [rep_id]
        while waiting:
            person = waiting.pop()
            if person not in found:  # two who manage each other must not hang the refresh
                found.add(person)
                waiting.extend(self.reports[person])
        return frozenset(found)


_Group = tuple[str, str, str]  # metric ('' for whoever is there), type and start of the period
_TODAY: _Group = ("", "today", "")


def find_audiences(
    company: Company, analysts: Sequence[str], known: Mapping[str, str]
) -> tuple[list[Audience], dict[str, str]]:
    """The audiences of a release, everything first, and why some people have none.

    Args:
        company: the people.
        analysts: e-mails of those who see everything.
        known: the folder that each e-mail has had; '' has that of everything.
    """

    def folder_of(email: str) -> str:
        folder = known.get(email)
        if folder is None or (email and folder == known.get("")):
            return secrets.token_hex(16)
        return folder

    everything = [email.strip().lower() for email in analysts]
    # a former analyst must not find the folder through a proxy that has not read the new table yet
    gone = {email for email, folder in known.items() if email and folder == known.get("")}
    stays = gone <= set(everything)
    audiences = [Audience(tuple(everything), folder_of("") if stays else secrets.token_hex(16))]
    left_out = find_left_out(company.people, analysts)
    for person in company.people.values():
        email = (person.email or "").strip().lower()
        if person.is_active and email not in everything and person.rep_id not in left_out:
            reps = company.tree_below(person.rep_id)
            audiences.append(Audience((email,), folder_of(email), person, reps))
    return audiences, left_out


def find_left_out(people: Mapping[str, Person], analysts: Sequence[str]) -> dict[str, str]:
    """Why some people see nothing though they are at work, managers first."""
    active = [person for person in people.values() if person.is_active]
    manages = Counter(person.manager_id for person in active if person.manager_id)
    holders = Counter((person.email or "").strip().lower() for person in active)
    reasons = {manager: "is not in reps" for manager in manages if manager not in people}
    for person in active:
        email = (person.email or "").strip().lower()
        if email in analysts:
            continue
        if not email:
            reasons[person.rep_id] = "has no e-mail"
        elif not EMAIL.fullmatch(email):
            reasons[person.rep_id] = "has an e-mail that cannot be a login"
        elif holders[email] > 1:
            reasons[person.rep_id] = "shares an e-mail with somebody else"
    return {
        rep_id: reasons[rep_id] + (f" and manages {manages[rep_id]}" if manages[rep_id] else "")
        for rep_id in sorted(reasons, key=lambda rep_id: (-manages[rep_id], rep_id))
    }


class View:
    """What one audience sees of each table."""

    def __init__(self, company: Company, reps: frozenset[str]) -> None:
        """Prepare the view of an audience with these reps; nobody sees nothing at all."""
        self.company = company
        self.reps = reps
        people = [company.people[rep_id] for rep_id in reps]
        self.teams = {person.team for person in people if person.team}
        places = [place for rep_id in reps for place in company.places[rep_id]]
        self._in_team = Counter(places)
        self._in_all = Counter(group for _, group in places)
        self.own_roles = frozenset(person.role for person in people if person.role)
        in_role = Counter(person.role for person in people if person.is_active)
        self.roles = frozenset(
            role for role in self.own_roles if _is_group(company.in_role[role] - in_role[role])
        )

    def shows_team(self, team: str | None, group: _Group) -> bool:
        """Whether an aggregate of a team hides each single person the audience does not see."""
        everybody = ("", *group[1:])
        if (team, everybody) not in self.company.in_team:
            return False
        return all(_is_group(self._others(team, part)) for part in {everybody, group})

    def shows_organisation(self, group: _Group) -> bool:
        """The same for everybody, of whom the audience may know its teams as well."""
        everybody = ("", *group[1:])
        if everybody not in self.company.in_all:
            return False
        shown = [team for team in self.teams if self.shows_team(team, group)]
        return all(
            _is_group(
                self.company.in_all[part]
                - self._in_all[part]
                - sum(self._others(team, part) for team in shown)
            )
            for part in {everybody, group}
        )

    def _others(self, team: str | None, group: _Group) -> int:
        return self.company.in_team[team, group] - self._in_team[team, group]

    def rows_of(self, table: SiteTable) -> pa.Table:
        """The rows of a table that this audience sees, and nothing in them that it does not."""
        if not self.reps:
            return table.rows.slice(0, 0)
        rule = RULES[table.name]
        if rule.rows == "own":
            rows = table.take(self.reps)
        elif rule.rows == "signals":
            rows = table.take({*self.reps, None})
        elif rule.rows == "team":
            rows = table.take({*self.teams, ORGANISATION})
        else:
            rows = table.rows
        keep = _FILTERS.get(rule.rows)
        if keep is not None:
            rows = rows.filter(pa.array([keep(self, row) for row in rows.to_pylist()], pa.bool_()))
        return self.without_small_groups(rule, rows)

    def shared_key(self, table: SiteTable) -> Any:
        """What decides on the rows where it is the same for many audiences, else None."""
        if not self.reps:
            return None
        rule = RULES[table.name]
        return {"all": rule.rows, "none": rule.rows, "role": self.roles}.get(rule.rows)

    def without_small_groups(self, rule: Rule, rows: pa.Table) -> pa.Table:
        """Leave empty what the rule leaves empty."""
        shown_rows: dict[tuple[str, ...], Callable[[dict[str, Any]], bool]] = {
            rule.left_empty: lambda row: False,
            rule.team_columns: lambda row: self.shows_team(row["team"], _group_of(row)),
            rule.organisation_columns: lambda row: self.shows_organisation(_group_of(row)),
        }
        for columns, is_shown in shown_rows.items():
            if columns and rows.num_rows:
                shown = pa.array([is_shown(row) for row in rows.to_pylist()], pa.bool_())
                for name in columns:
                    field = rows.schema.field(name)
                    seen = pc.if_else(shown, rows.column(name), pa.scalar(None, field.type))
                    rows = rows.set_column(rows.column_names.index(name), field, seen)
        return rows


ORGANISATION = "All teams"


def _is_group(others: int) -> bool:
    """Whether nobody is left to be found out, or enough are."""
    return others == 0 or others >= SMALLEST_GROUP


def _group_of(row: Mapping[str, Any]) -> _Group:
    """The people behind a row with an aggregate, by its metric and period."""
    if "metric_id" not in row:
        return _TODAY
    if "period_key" not in row:
        return row["metric_id"], "week", row["period_start"]
    return row["metric_id"], row["period_key"].removeprefix("previous_"), row["period_start"]


def _keeps_team(view: View, row: Mapping[str, Any]) -> bool:
    if row["team_scope"] == "organisation":
        return view.shows_organisation(_group_of(row))
    return bool(row["team_scope"] == "team") and view.shows_team(row["team"], _group_of(row))


def _keeps_goal(view: View, row: Mapping[str, Any]) -> bool:
    visible = {"rep": view.reps, "team": view.teams, "role": view.own_roles}.get(row["scope"])
    return row["scope"] in ("region", "org") or (
        visible is not None and row["scope_value"] in visible
    )


def _keeps_signal(view: View, row: Mapping[str, Any]) -> bool:
    if row["rep_id"]:
        return row["rep_id"] in view.reps
    if row["team"]:
        return row["team"] in view.teams and view.shows_team(row["team"], _TODAY)
    return bool(row["signal_status"] == "not_measurable")


_FILTERS: dict[str, Callable[[View, Mapping[str, Any]], bool]] = {
    "team": _keeps_team,
    "role": lambda view, row: not row["role"] or row["role"] in view.roles,
    "goals": _keeps_goal,
    "signals": _keeps_signal,
    "none": lambda view, row: False,
}


def write_listing(folder: Path, audiences: Sequence[Audience], left_out: Mapping[str, str]) -> None:
    """Write which folder each login reads: for programs, and for nginx to include."""
    entries = [
        {
            "emails": audience.emails,
            "folder": audience.folder,
            "rep_id": audience.person.rep_id if audience.person else None,
            "reps": len(audience.reps) if audience.person else None,
        }
        for audience in audiences
    ]
    listing = {"audiences": entries, "left_out": left_out}
    (folder / LISTING).write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
    lines = [
        f'"{email}" "{audience.folder}";\n' for audience in audiences for email in audience.emails
    ]
    (folder / NGINX_MAP).write_text("".join(lines), encoding="utf-8")


def read_listing(site: Path) -> dict[str, Any] | None:
    """What `write_listing` wrote; None for a site without audiences.

    Raises:
        DamagedFile: nobody can tell who sees what.
    """
    remedy = "Set SCORECARD_AUDIENCES=on and run `scorecard refresh`: it is written anew."
    return read_state(site / LISTING, _parse_listing, remedy=remedy)


def _parse_listing(content: Any) -> dict[str, Any]:
    audiences = [
        {**entry, "emails": list(entry["emails"]), "folder": entry["folder"] + ""}
        for entry in content["audiences"]
    ]
    return {"audiences": audiences, "left_out": dict(content["left_out"])}


def known_folders(site: Path) -> dict[str, str]:
    """The folder of each e-mail in an earlier site, so that a proxy's table stays right.

    Where that is damaged, each gets a new one.
    """
    listing = read_cache(site / LISTING, _parse_listing) or {"audiences": []}
    return {
        email: entry["folder"]
        for entry in listing["audiences"]
        for email in (*entry["emails"], *([] if entry["rep_id"] else [""]))
    }


def find_folder(site: Path, who: str | None) -> str:
    """The folder that a person (id or e-mail) reads; that of everything for nobody.

    Raises:
        ConfigError: the site has no audiences, or none for this person.
    """
    listing = read_listing(site)
    if listing is None:
        raise ConfigError(
            f"{site} has no audiences. Set SCORECARD_AUDIENCES=on and run `scorecard refresh`."
        )
    for entry in listing["audiences"]:
        names = (entry["rep_id"], *entry["emails"])
        if who is None or who in names or who.lower() in names:
            return str(entry["folder"])
    reason = listing["left_out"].get(who, "is not an active rep or analyst")
    raise ConfigError(
        f"'{who}' {reason}, so nothing is written for them. {site / LISTING} lists who has a "
        "folder."
    )
