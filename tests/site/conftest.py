"""A small published release, written by hand: the tests of the pages need no refresh.

Fourteen reps of an invented company on 18 November 2026, with every state a page must be able to
show: no goal, a broken integration, too little data, no attainment, a failed check.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import shutil
import statistics
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.core.settings import Settings
from orchestration.releases import publish as publishing
from orchestration.releases.history import HISTORY
from orchestration.releases.release import Release, write_manifest
from tests.site.contracts import read_contracts

AS_OF = dt.date(2026, 11, 18)
RELEASE = "20261119T050000Z-1a2b3c4"
FIRST_DAY = dt.date(2026, 2, 1)
LAST_DAY = dt.date(2027, 1, 31)

TABLES = read_contracts()

# metric_id: name, kind, unit, aggregation, higher is better, description
METRICS: dict[str, tuple[str, str, str, str, bool, str]] = {
    "dials": ("Dials", "leading", "count", "count", True, "Outbound calls made."),
    "meetings_booked": ("Meetings booked", "leading", "count", "count", True, "Meetings set up."),
    "demos": ("Demos held", "leading", "count", "count", True, "Product demos that took place."),
    "deals_won": ("Deals won", "lagging", "count", "count", True, "Deals closed as won."),
    "revenue_won": ("Revenue won", "lagging", "money", "sum", True, "Amount of the deals won."),
    "win_rate": ("Win rate", "lagging", "ratio", "ratio", True, "Won deals of all closed ones."),
    "response_days": ("Response time", "leading", "days", "mean", False, "Days to a first reply."),
}
SCORECARDS = {
    "SDR": {"dials": 40.0, "meetings_booked": 2.0, "demos": 0.4, "response_days": 1.5},
    "AE": {"dials": 12.0, "demos": 1.5, "deals_won": 0.25, "revenue_won": 4200.0, "win_rate": 0.3},
    "AM": {"meetings_booked": 1.2, "revenue_won": 5200.0},
}
# rep_id, name, team, region, role, tier, fte, skill
REPS = [
    ("r01", "Amara Okafor", "North", "EMEA", "SDR", "senior", 1.0, 1.25),
    ("r02", "Ben Lindqvist", "North", "EMEA", "SDR", "junior", 1.0, 0.72),
    ("r03", "Chloé d'Arcy", "North", "EMEA", "SDR", None, 0.6, 1.0),
    ("r04", "Daniel Weiß-Hohenlohe-Langenburg", "North", "EMEA", "AE", "senior", 1.0, 1.05),
    ("r05", "Elif Öztürk", "North", "EMEA", "AE", None, 1.0, 0.93),
    ("r06", "Farid Haddad", "South", "EMEA", "AE", None, 1.0, 1.38),
    ("r07", "Grace Nakamura", "South", "APAC", "AE", "senior", 1.0, 0.55),
    ("r08", "Hugo Martins", "South", "APAC", "SDR", None, 1.0, 0.97),
    ("r09", "Ines Carvalho", "South", "APAC", "SDR", None, 1.0, 1.11),
    ("r10", "Jonas Berg", "West", "AMER", "AM", None, 1.0, 0.88),
    ("r11", "Keisha Brown", "West", "AMER", "AM", "senior", 1.0, 1.22),
    ("r12", "Liam O'Connor", "West", "AMER", "AE", None, 1.0, 1.0),
    ("r13", "Mei Chen", "West", "AMER", "SDR", None, 1.0, 0.3),
    ("r14", "Noah Petrov", "West", "AMER", "SDR", None, 1.0, 1.0),
]
NO_GOAL, SUSPECT = "r14", "r13"
MANAGERS = {
    "North": ("m1", "Petra Novak"),
    "South": ("m2", "Sam Diallo"),
    "West": ("m3", "Tess Moreau"),
}


def season(day: dt.date) -> float:
    """The planted season of a day: quiet in August and late in December."""
    return {8: 0.7, 12: 0.6 if day.day > 15 else 1.0}.get(day.month, 1.05)


def is_working(day: dt.date) -> bool:
    """Monday to Friday."""
    return day.isoweekday() <= 5


def days(start: dt.date, end: dt.date) -> Iterator[dt.date]:
    """Every day from `start` to `end`, both included."""
    for offset in range((end - start).days + 1):
        yield start + dt.timedelta(offset)


def month_end(day: dt.date) -> dt.date:
    """The last day of the month of `day`."""
    return (day.replace(day=28) + dt.timedelta(4)).replace(day=1) - dt.timedelta(1)


def periods() -> list[tuple[str, str, dt.date, dt.date]]:
    """Type, id, first and last day of each period: those of today, and weeks and months before."""
    monday = AS_OF - dt.timedelta(AS_OF.isoweekday() - 1)
    result = []
    for weeks_ago in range(16):
        start = monday - dt.timedelta(7 * weeks_ago)
        iso = start.isocalendar()
        week_id = f"{iso.year}-W{iso.week:02d}"
        result.append(("week", week_id, start, start + dt.timedelta(6)))
    for month in range(6, 12):
        start = dt.date(2026, month, 1)
        result.append(("month", f"2026-{month:02d}", start, month_end(start)))
    result += [
        ("quarter", "FY2027-Q4", dt.date(2026, 11, 1), LAST_DAY),
        ("year", "FY2027", FIRST_DAY, LAST_DAY),
        ("last_4_weeks", "last 4 weeks", AS_OF - dt.timedelta(27), AS_OF),
        ("last_13_weeks", "last 13 weeks", AS_OF - dt.timedelta(90), AS_OF),
    ]
    return result


def level_of(attainment: float | None) -> str | None:
    """The level of an attainment by the default edges."""
    if attainment is None:
        return None
    if attainment + 1e-9 >= 1.2:
        return "outstanding"
    return "on_track" if attainment + 1e-9 >= 0.8 else "needs_intervention"


def judge(actual: float, goal: float, attainment: float | None) -> tuple[str | None, float | None]:
    """Evidence and z of a count: enough of the rule to show every status."""
    if attainment is None or goal < 5:
        return ("too_little_data" if goal else None), None
    z = (actual - goal) / math.sqrt(goal)
    if z <= -1.96:
        return "proven_miss", z
    return ("proven_excess" if z >= 1.96 else "not_proven"), z


def status_of(level: str | None, evidence: str | None) -> str:
    """The status that a level and its evidence give."""
    if level is None:
        return "no_goal"
    if evidence == "too_little_data":
        return "too_little_data"
    if level == "outstanding":
        return "outstanding" if evidence == "proven_excess" else "ahead"
    if level == "needs_intervention":
        return "needs_intervention" if evidence == "proven_miss" else "watch"
    return "on_track"


def rep_metric_rows() -> list[dict[str, Any]]:
    """`scorecard_rep_metrics`: numbers from a seed, with the special cases of the module's text."""
    rows = []
    for rep_id, rep_name, team, region, role, tier, fte, skill in REPS:
        for sort_order, (metric_id, per_day) in enumerate(SCORECARDS[role].items(), start=1):
            name, kind, unit, aggregation, higher, _ = METRICS[metric_id]
            additive = aggregation in {"count", "sum"}
            for period_type, period_id, start, end in periods():
                noise = random.Random(f"{rep_id}{metric_id}{period_id}").gauss(1, 0.12)
                worked = [d for d in days(start, min(end, AS_OF)) if is_working(d)]
                planned = [d for d in days(start, end) if is_working(d)]
                goal: float | None
                period_goal: float | None
                if additive:
                    goal = per_day * fte * sum(season(d) for d in worked)
                    period_goal = per_day * fte * sum(season(d) for d in planned)
                    actual: float | None = goal * skill * noise
                    if unit == "count":
                        actual = float(round(actual or 0))
                else:
                    goal = period_goal = per_day
                    actual = per_day * (skill if higher else 1 / skill) * noise
                    if metric_id == "win_rate" and rep_id == "r12" and period_type == "week":
                        actual = None
                if rep_id == NO_GOAL:
                    goal = period_goal = None
                attainment = None
                if goal and actual is not None:
                    attainment = actual / goal if higher else min(goal / actual, 2.0)
                level = level_of(attainment)
                weight_of = actual if additive and unit == "count" else 40 * (attainment or 0)
                evidence, z = judge(
                    weight_of or 0, (goal or 0) if unit == "count" and additive else 40, attainment
                )
                status = status_of(level, evidence) if goal else "no_goal"
                if goal and actual is None:
                    status = "too_little_data"
                if rep_id == SUSPECT:
                    status = "data_suspect"
                current = start <= AS_OF <= end
                projects = additive and current and goal and actual is not None and end > AS_OF
                forecast = (actual or 0) + ((period_goal or 0) - (goal or 0)) * skill
                left = float(len(planned) - len(worked)) * fte
                needed = max((period_goal or 0) - (actual or 0), 0) / left if left else None
                rows.append(
                    {
                        "as_of_date": AS_OF,
                        "rep_id": rep_id,
                        "rep_name": rep_name,
                        "team": team,
                        "region": region,
                        "role": role,
                        "tier": tier,
                        "manager_id": MANAGERS[team][0],
                        "metric_id": metric_id,
                        "metric_name": name,
                        "unit": unit,
                        "aggregation": aggregation,
                        "is_higher_better": higher,
                        "metric_kind": kind,
                        "weight": 1.0,
                        "sort_order": sort_order,
                        "period_type": period_type,
                        "period_id": period_id,
                        "period_start": start,
                        "period_end": end,
                        "is_current": current,
                        "actual": actual,
                        "goal_to_date": goal,
                        "goal_period": period_goal,
                        "judged_actual": actual,
                        "judged_goal": goal,
                        "judged_days": len(worked),
                        "working_days": len(worked),
                        "attainment": attainment,
                        "numerator": actual if additive or actual is None else actual * 40,
                        "denominator": None if additive else 40.0,
                        "dispersion": 1.0,
                        "level": level,
                        "evidence": evidence if goal else None,
                        "z_score": z,
                        "status": status,
                        "projection": forecast if projects else None,
                        "projection_low": forecast * 0.85 if projects else None,
                        "projection_high": forecast * 1.15 if projects else None,
                        "goal_probability": min(max(skill - 0.45, 0.02), 0.97)
                        if projects
                        else None,
                        "needed_per_day": needed if projects else None,
                        "capacity_days": len(worked) * fte,
                        "capacity_days_remaining": left,
                        "coverage_ratio": 0.2 if rep_id == SUSPECT else 0.95,
                        "team_coverage_ratio": 0.9,
                    }
                )
    return rows


def score_status(level: str | None, statuses: list[str]) -> str:
    """The status of a score of this level whose metrics have these statuses."""
    if all(status == "no_goal" for status in statuses):
        return "no_goal"
    if "data_suspect" in statuses:
        return "data_suspect"
    if level is None or set(statuses) <= {"too_little_data", "no_goal"}:
        return "too_little_data"
    if level == "needs_intervention" and level not in statuses:
        return "watch"
    if level == "outstanding" and level not in statuses:
        return "ahead"
    return level


def rep_rows(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`scorecard_reps` from the rows of the metrics."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in metrics:
        groups.setdefault((row["rep_id"], row["period_id"]), []).append(row)

    def score(rows: list[dict[str, Any]]) -> float | None:
        counted = [min(r["attainment"], 1.5) for r in rows if r["attainment"] is not None]
        return sum(counted) / len(counted) if counted else None

    result = []
    for rows in groups.values():
        first = rows[0]
        statuses = [row["status"] for row in rows]
        result.append(
            {name: first[name] for name in list(first)[:8] if not name.startswith("metric")}
            | {name: first[name] for name in list(first)[16:21]}
            | {
                "manager_name": MANAGERS[first["team"]][1],
                "score": score(rows),
                "leading_score": score([r for r in rows if r["metric_kind"] == "leading"]),
                "lagging_score": score([r for r in rows if r["metric_kind"] == "lagging"]),
                "score_level": level_of(score(rows)),
                "metrics_total": len(rows),
                "metrics_outstanding": statuses.count("outstanding"),
                "metrics_ahead": statuses.count("ahead"),
                "metrics_on_track": statuses.count("on_track"),
                "metrics_watch": statuses.count("watch"),
                "metrics_needing_intervention": statuses.count("needs_intervention"),
                "metrics_too_little_data": statuses.count("too_little_data"),
                "metrics_no_goal": statuses.count("no_goal"),
                "metrics_data_suspect": statuses.count("data_suspect"),
                "metrics_not_captured": statuses.count("not_captured"),
                "capacity_days": first["capacity_days"],
                "status": score_status(level_of(score(rows)), statuses),
            }
        )
    for row in result:
        rivals = [
            other["score"]
            for other in result
            if other["role"] == row["role"]
            and other["period_id"] == row["period_id"]
            and other["score"] is not None
        ]
        row["reps_in_role"] = len(rivals)
        if row["score"] is not None:
            row["rank_in_role"] = 1 + sum(rival > row["score"] for rival in rivals)
    return result


def team_rows(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`scorecard_teams` from the rows of the metrics."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in metrics:
        for team in (row["team"], "All teams"):
            groups.setdefault((team, row["metric_id"], row["period_id"]), []).append(row)
    result = []
    for (team, _, _), rows in groups.items():
        first = rows[0]
        rated = first["aggregation"] in {"ratio", "mean"}
        actuals = [row["actual"] for row in rows if row["actual"] is not None]
        goals = [row["goal_to_date"] for row in rows if row["goal_to_date"] is not None]
        full = [row["goal_period"] for row in rows if row["goal_period"] is not None]
        shrink = len(actuals) if rated else 1
        actual = sum(actuals) / shrink if actuals else None
        goal = sum(goals) / (len(goals) if rated else 1) if goals else None
        attainment = actual / goal if actual is not None and goal else None
        if attainment and not first["is_higher_better"]:
            attainment = 1 / attainment
        level = level_of(attainment)
        evidence, z = judge(40 * (attainment or 0), 40, attainment)
        nobody = 3.0 if team == "All teams" and not rated else None
        result.append(
            {
                name: first[name]
                for name in (
                    "as_of_date metric_id metric_name unit aggregation is_higher_better sort_order "
                    "period_type period_id period_start period_end is_current"
                ).split()
            }
            | {
                "team_scope": "organisation" if team == "All teams" else "team",
                "team": team,
                "rep_count": len({row["rep_id"] for row in rows}),
                "actual": actual + (nobody or 0) if actual is not None else None,
                "actual_with_goal": actual if goals else None,
                "goal_to_date": goal,
                "goal_period": sum(full) / (len(full) if rated else 1) if full else None,
                "judged_actual": actual if goals else None,
                "judged_goal": goal,
                "judged_days": sum(row["judged_days"] for row in rows),
                "working_days": sum(row["working_days"] for row in rows),
                "attainment": attainment,
                "level": level,
                "evidence": evidence,
                "z_score": z,
                "status": status_of(level, evidence),
                "unassigned_actual": nobody,
            }
        )
    return result


def benchmark_rows(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`scorecard_benchmarks` of today's periods and the last week and month.

    SDRs have six peers, others take everyone measured on it or nobody; r12 has no past, r09 is
    ramping, r03 was not at work this week, two figures of the industry are known.
    """
    industry = {
        "dials": (45.0, 351, "A survey of sales teams", 2025, False),
        "win_rate": (0.21, None, "Another survey", 2024, True),
    }
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in metrics:
        if row["is_current"] or row["period_id"] in {"2026-W46", "2026-10"}:
            additive = row["aggregation"] in {"count", "sum"}
            away = row["rep_id"] == "r03" and row["period_id"] == "2026-W47"
            days_at_work = 0.0 if away else row["capacity_days"]
            scale = days_at_work if additive else 1.0
            rate = row["actual"] / row["capacity_days"] if additive else row["actual"]
            days = {"capacity_days": days_at_work, "judged_capacity_days": days_at_work}
            entry = row | days | {"scale": scale, "rate": rate}
            groups.setdefault((row["metric_id"], row["period_id"]), []).append(entry)

    result = []
    for rows in groups.values():
        for row in rows:
            scale = row["scale"]
            rated = [r for r in rows if r["rate"] is not None]
            others = [r for r in rated if r["rep_id"] != row["rep_id"]]
            peers, scope = [r["rate"] for r in others if r["role"] == row["role"]], "role"
            if len(peers) < 5:
                peers, scope = [r["rate"] for r in others], "organisation"
            peers = peers if len(peers) >= 5 and scale else []
            quarters = statistics.quantiles(peers, n=4) if peers else [0.0, 0.0, 0.0]
            best = quarters[2 if row["is_higher_better"] else 0]
            of_team = [r["rate"] for r in rated if r["team"] == row["team"]]
            of_all = [r["rate"] for r in rated]
            value, asked, source, year, verified = industry.get(row["metric_id"], (None,) * 5)
            has_past = row["rep_id"] != "r12" and row["rate"] is not None and bool(scale)
            result.append(
                {name: row[name] for name in row.keys() - {"scale", "rate"}}
                | {
                    "is_ramping": row["rep_id"] == "r09",
                    "previous_value": row["rate"] * scale * 0.9 if has_past else None,
                    "last_year_value": row["rate"] * scale * 1.2
                    if has_past and row["rep_id"] != "r04"
                    else None,
                    "trailing_13_week_value": row["rate"] * scale * 0.97 if has_past else None,
                    "peer_median": statistics.median(peers) * scale if peers else None,
                    "peer_top_quartile": best * scale if peers else None,
                    "peer_count": len(peers) or None,
                    "peer_scope": scope if peers else None,
                    "team_value": sum(of_team) / len(of_team) * scale
                    if of_team and scale
                    else None,
                    "organisation_value": statistics.mean(of_all) * scale if scale else None,
                    "industry_value": value * scale if value and scale else None,
                    "industry_sample_size": asked,
                    "industry_source": source,
                    "industry_year": year,
                    "industry_is_verified": verified,
                }
            )
    return result


def goal_quality_rows(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`goal_quality`: every verdict on a goal, and one scorecard that is out of balance."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in metrics:
        if row["period_type"] == "last_13_weeks":
            groups.setdefault((row["role"], row["metric_id"]), []).append(row)
    result = []
    for (role, metric_id), rows in groups.items():
        reached = [r for r in rows if r["attainment"] is not None and r["attainment"] >= 1]
        judged = [r["attainment"] for r in rows if r["attainment"] is not None]
        goal, share = SCORECARDS[role][metric_id], len(reached) / len(judged)
        verdict = "nobody" if share < 0.4 else "everybody" if share > 0.8 else "fine"
        if metric_id == "demos" and role == "SDR":
            reached, share, verdict = [r for r in rows if r["attainment"]], 1.0, "everybody"
        if len(judged) < 5:
            verdict = "too_few_reps"
        easier = 0.8 if rows[0]["is_higher_better"] else 1.2
        suggested = {"nobody": goal * easier, "everybody": goal * 1.5}.get(verdict)
        result.append(
            {name: rows[0][name] for name in ("as_of_date", "metric_id", "metric_name", "unit")}
            | {
                "subject": "goal",
                "goal_id": f"g_{role}_{metric_id}",
                "role": role,
                "tier": "",
                "scope": "role",
                "scope_value": role,
                "period": "day",
                "goal": goal,
                "rep_count": len(rows),
                "judged_count": len(judged),
                "reached_count": len(reached),
                "reached_ratio": share,
                "median_attainment": statistics.median(judged),
                "suggested_goal": suggested,
                "verdict": verdict,
                "sentence": f"{len(reached)} of {len(judged)} reps reached it.",
            }
        )
    for role, goals in SCORECARDS.items():
        leading = sum(METRICS[metric_id][1] == "leading" for metric_id in goals)
        result.append(
            {
                "as_of_date": AS_OF,
                "subject": "scorecard",
                "role": role,
                "tier": "",
                "leading_count": leading,
                "lagging_count": len(goals) - leading,
                "verdict": "fine" if leading == 2 * (len(goals) - leading) else "unbalanced",
                "sentence": f"{leading} leading and {len(goals) - leading} lagging metrics.",
            }
        )
    return result


def history_rows(
    metrics: list[dict[str, Any]], reps: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """`scorecard_history` of three days, and `scorecard_restatements` of the days before today.

    Calls came late, a deal was deleted, and of the response times the source does not tell why.
    """
    scores = {(row["rep_id"], row["period_id"]): row for row in reps}
    causes = {"dials": (3, 0, 0), "revenue_won": (0, 1, 1), "response_days": (None, None, None)}
    history, restatements = [], []
    for row in metrics:
        if not row["is_current"]:
            continue
        score = scores[row["rep_id"], row["period_id"]]
        for days_ago in range(3):
            day = AS_OF - dt.timedelta(days_ago)
            said = row | {
                "release_id": RELEASE,
                "published_at": dt.datetime(2026, 11, 19, 5) - dt.timedelta(days_ago),
                "as_of_date": day,
                "score": score["score"],
                "score_status": score["status"],
            }
            history.append(said)
            if days_ago and row["metric_id"] in causes and row["actual"] is not None:
                late, changed, deleted = causes[row["metric_id"]]
                restatements.append(
                    said
                    | {
                        "published_actual": row["actual"],
                        "restated_actual": row["actual"] + 3,
                        "difference": 3.0,
                        "late_count": late,
                        "changed_count": changed,
                        "deleted_count": deleted,
                    }
                )
    return history, restatements


def signal_rows() -> list[dict[str, Any]]:
    """`scorecard_data_signals`: a team's gap, a rep's gap, a habit, and what cannot be seen."""
    found = [
        ("capture_drop_team", "North", None, "email", "signal",
         "No activity of the kind email reached us from the team on 5 working days (2026-11-12 to"
         " 2026-11-18). Nobody is judged by these days. An integration may have stopped."),
        ("capture_drop_rep", "West", SUSPECT, "any", "signal",
         "No activity of any kind on 4 working days (2026-11-12 to 2026-11-17): leave, a broken"
         " integration, or no work? Enter time off, or confirm."),
        ("short_calls", "North", "r02", "call", "signal",
         "62% of 240 calls lasted at most 5 seconds; among peers it is 9%. Ask how these calls"
         " are dialled before reading their number."),
        ("backdated", "North", "r02", "any", "not_measurable",
         "The source does not say when records were entered, so how they are logged cannot be"
         " looked at."),
    ]  # fmt: skip
    names = {rep[0]: rep[1] for rep in REPS}
    return [
        {
            "as_of_date": AS_OF,
            "signal_id": signal_id,
            "signal_scope": "rep" if rep_id else "team",
            "team": team,
            "rep_id": rep_id,
            "rep_name": names.get(rep_id or ""),
            "activity_type": activity_type,
            "signal_status": status,
            "sentence": sentence,
        }
        for signal_id, team, rep_id, activity_type, status, sentence in found
    ]


# all that a sheet may have to carry at once
LONG_SHEET = {
    "changes": "Dials: on track to needs intervention; Demos held: watch to on track; Deals won: "
    "too little data to watch; Revenue won: ahead to on track.",
    "wins": "Demos held 141% of goal, more than luck explains; Win rate 133% of goal, luck could "
    "explain it; Meetings booked 128% of goal, luck could explain it.",
    "misses": "Dials 57% of goal, more than bad luck explains; Revenue won 61% of goal, bad luck "
    "could explain it; Deals won 66% of goal, bad luck could explain it.",
    "diagnosis": "Revenue won: 295,866 EUR below the goal of 326,316 EUR. Main cause: Revenue won "
    "per deals closed, 2,538 EUR instead of 16,474 EUR (75% of the gap, could be luck). What to "
    "raise: Demos held.",
    "lead_1": "Alpine Instruments and Sons Partners GmbH, 70% to convert",
    "lead_2": "Meridian Automation Group, 29% to convert",
    "lead_3": "Granite Motors SA, 23% to convert",
    "question_1": "Dials is at 57% of the goal, more than bad luck explains. Most of the gap is "
    "due to Revenue won per deals closed: what happened?",
    "question_2": "You agreed: Confirm each demo the day before, with an agenda (Demos held). It "
    "was followed by more than chance gives: what made it work?",
    "intervention_1_id": "i1",
    "intervention_2_id": "i2",
}


def account_rows() -> dict[str, list[dict[str, Any]]]:
    """`record_accounting` and `excluded_record_reasons`: some of 120 activities and 12 deals."""
    return {
        "record_accounting": [
            {"source_table": table, "event_type": event, "raw_count": raw,
             "counted_count": counted, "excluded_count": raw - counted}
            for table, event, raw, counted in (
                ("activities", None, 120, 112), ("activities", "dial", 100, 100),
                ("opportunities", None, 12, 12), ("opportunities", "deal_won", 6, 5),
            )
        ],
        "excluded_record_reasons": [
            {"source": "files", "source_table": table, "event_type": event, "reason": reason,
             "is_counted": False, "remedy": remedy, "record_count": count, "first_records": ids}
            for table, event, reason, remedy, count, ids in (
                ("activities", None, "no_event_rule",
                 "Nothing to do if it should not count; else add a rule to event_rules.csv.", 7,
                 "a1, a2, a3, a4, a5"),
                ("activities", None, "deleted", "Nothing to do: the source deleted it.", 1, "a9"),
                ("opportunities", "deal_won", "no_close_date",
                 "Enter the close date of the deal in the source.", 1, "d4"),
            )
        ],
    }  # fmt: skip


def sheet_rows(metrics: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The sheets of this week and the last; r04's has all that a sheet may have to carry."""
    monday = AS_OF - dt.timedelta(AS_OF.isoweekday() - 1)
    sheets: dict[tuple[str, dt.date], dict[str, Any]] = {}
    lines = []
    for row in metrics:
        if row["period_type"] != "last_4_weeks":
            continue
        for weeks_ago in range(2):
            start = monday - dt.timedelta(7 * weeks_ago)
            end = min(AS_OF, start + dt.timedelta(6))
            before = row["attainment"] and row["attainment"] * 0.96
            lines.append(
                row
                | {
                    "week_start_date": start,
                    "attainment_week_before": before,
                    "status_week_before": row["status"],
                }
            )
            suspect = row["rep_id"] == SUSPECT
            sheets[row["rep_id"], start] = {
                **{name: row[name] for name in ("rep_id", "rep_name", "team", "role", "tier")},
                "as_of_date": AS_OF,
                "manager_id": row["manager_id"],
                "manager_name": MANAGERS[row["team"]][1],
                "week_id": f"2026-W{start.isocalendar().week}",
                "week_start_date": start,
                "week_end_date": start + dt.timedelta(6),
                "is_current": weeks_ago == 0,
                "window_start_date": end - dt.timedelta(27),
                "window_end_date": end,
                "score": None if row["rep_id"] == NO_GOAL else 0.84,
                "score_week_before": None if row["rep_id"] == NO_GOAL else 0.79,
                "headline": "Score 84%, a week before 79%.",
                "changes": "No status moved.",
                "wins": "Nothing stands out above the goal.",
                "misses": "Nothing is below its level.",
                "data_problem": "Activity was captured on only 20% of the working days: check the "
                "integration before you talk about figures."
                if suspect
                else None,
                "pace": "Revenue won: 42% chance to reach the goal of the month, 70% that of the "
                "quarter."
                if weeks_ago == 0
                else None,
                "question_1": "What should stay as it is?",
                "question_2": "What gets in the way that I can remove?",
                "question_3": "What do you want to try next?",
                **(LONG_SHEET if row["rep_id"] == "r04" and weeks_ago == 0 else {}),
            }
    return {
        "scorecard_one_on_ones": list(sheets.values()),
        "scorecard_one_on_one_metrics": lines,
        "scorecard_interventions": [
            {
                "rep_id": "r04",
                "intervention_id": f"i{number}",
                "metric_id": "demos",
                "metric_name": "Demos held",
                "agreed_date": AS_OF - dt.timedelta(35 * number),
                "action": "Confirm each demo the day before, with an agenda",
                "due_date": AS_OF - dt.timedelta(35 * number - 28),
                "verdict": verdict,
                "outcome": "61% of the goal in the four weeks before, 104% after; chance alone "
                f"gives about 72%. {words}.",
                "number_for_rep": number,
            }
            for number, verdict, words in (
                (1, "improved_beyond_chance", "Improved beyond chance"),
                (2, "within_chance", "Within what chance alone gives"),
            )
        ],
    }


def goal_rows() -> list[dict[str, Any]]:
    """`fct_goals_daily` from February to the end of November, with leave and a ramp."""
    rows = []
    for rep_id, _, _, _, role, tier, fte, _ in REPS:
        if rep_id == NO_GOAL:
            continue
        for metric_id, per_day in SCORECARDS[role].items():
            additive = METRICS[metric_id][3] in {"count", "sum"}
            for day in days(FIRST_DAY, dt.date(2026, 11, 30)):
                working = int(is_working(day))
                full = per_day * working * season(day) if additive else None
                leave = 1.0 if rep_id == "r01" and dt.date(2026, 11, 9) <= day <= AS_OF else 0.0
                ramp = 0.5 if rep_id == "r09" and day.month < 5 else 1.0
                rows.append(
                    {
                        "rep_id": rep_id,
                        "metric_id": metric_id,
                        "date_day": day,
                        "goal_id": f"g_{role}_{metric_id}",
                        "goal": per_day,
                        "full_goal": full,
                        "working": working,
                        "season": season(day) if additive else None,
                        "employed": 1,
                        "fte": fte,
                        "ramp": ramp,
                        "leave": leave,
                        "daily_goal": full * fte * ramp * (1 - leave) if full is not None else None,
                        "role": role,
                        "tier": tier,
                        "month_start_date": day.replace(day=1),
                    }
                )
    return rows


def shapley(actual: list[float], reference: list[float]) -> list[float]:
    """What each factor of a product contributes, by its definition: the mean over all orders."""
    orders = list(permutations(range(len(actual))))
    shares = [0.0] * len(actual)
    for order in orders:
        values = list(reference)
        for number in order:
            before = math.prod(values)
            values[number] = actual[number]
            shares[number] += (math.prod(values) - before) / len(orders)
    return shares


def funnel_rows(
    metrics: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """`scorecard_funnels` and `scorecard_diagnosis` of the AEs: demos, deals, revenue."""
    steps = ("demos", "deals_won", "revenue_won")
    found = {
        (row["rep_id"], row["period_id"], row["metric_id"]): row
        for row in metrics
        if row["role"] == "AE"
        and row["period_type"] in ("month", "quarter", "year", "last_13_weeks")
        and (row["is_current"] or row["period_id"] == "2026-10")
    }
    funnels, diagnosis = [], []
    for rep_id, period_id, metric_id in found:
        if metric_id != "revenue_won":
            continue
        chain = [found[rep_id, period_id, step] for step in steps]
        period = {
            name: chain[0][name]
            for name in ("rep_id", "period_type", "period_id", "period_start", "period_end")
        } | {"is_current": chain[0]["is_current"]}
        for step, row in enumerate(chain, start=1):
            funnels.append(
                period
                | {name: row[name] for name in ("metric_id", "unit", "actual")}
                | {"step": step, "last_step": 3, "step_name": row["metric_name"]}
                | {"goal": row["goal_to_date"], "expected": row["goal_to_date"]}
            )
        demos, deals, revenue = ((row["actual"], row["goal_to_date"]) for row in chain)
        actual = [demos[0], deals[0] / demos[0], revenue[0] / max(deals[0], 1)]
        reference = [demos[1], deals[1] / demos[1], revenue[1] / deals[1]]
        gap = math.prod(actual) - math.prod(reference)
        if gap >= 0:
            continue
        contributions = shapley(actual, reference)
        names = ["Demos held", "Deals won from demos held", "Average deal"]
        for order, factor in enumerate(names):
            is_main = contributions[order] == min(contributions)
            diagnosis.append(
                period
                | {"metric_id": "revenue_won", "unit": "money", "factor_order": order + 1}
                | {"actual": math.prod(actual), "reference": math.prod(reference), "gap": gap}
                | {"factor_id": f"factor:{order}", "factor_name": factor}
                | {"factor_unit": ["count", "ratio", "money"][order]}
                | {"factor_actual": actual[order], "factor_reference": reference[order]}
                | {"reference_source": "peers" if order == 1 else "goal"}
                | {"peer_scope": "role", "peer_count": 4}
                | {"contribution": contributions[order], "leading_metric_id": "demos"}
                | {"share_of_gap": contributions[order] / gap, "is_main_cause": is_main}
                | {"evidence": "proven_miss" if is_main else "not_proven"}
                | {"sentence": "Revenue won: below the goal. Main cause: as marked."}
            )
    return funnels, diagnosis


def plan_rows() -> list[dict[str, Any]]:
    """`goal_plan`: a million of 4 AEs is 20 deals of 50,000, 80 opportunities, 200 demos.

    SDRs have a funnel that does not end in money.
    """
    # metric, name, unit, events for one of the result, rate, assigned goal
    chains: dict[str, list[tuple[str, str, str, float, float | None, float | None]]] = {
        "AE": [
            ("demos_held", "Demos held", "count", 200 / 1e6, None, 240.0),
            ("opportunities_created", "Opportunities created", "count", 80 / 1e6, 0.4, None),
            ("deals_won", "Deals won", "count", 20 / 1e6, 0.25, None),
            ("revenue_won", "Revenue won", "money", 1.0, 50_000.0, 1_100_000.0),
        ],
        "SDR": [
            ("dials", "Dials", "count", 50.0, None, 9_000.0),
            ("demos_held", "Demos held", "count", 1.0, 0.02, 180.0),
        ],
    }
    rows = []
    for role, chain in chains.items():
        for probability, mean in ((0.5, 1e6), (0.8, 1_228_496.34)):
            for step, (metric, name, unit, per_result, rate, assigned) in enumerate(chain, 1):
                target = 1e6 if role == "AE" else None
                year = mean * per_result if target else None
                volumes = (
                    {
                        "result_mean": mean,
                        "events_per_year": year,
                        "events_per_month": year / 12,
                        "events_per_rep": year / 4,
                        "events_per_day": year / 4 / 200,
                        "full_time_goal": year / 4 / 200 * 250,
                        "feasibility": "feasible" if probability == 0.5 else "ambitious",
                        "assigned_ratio": assigned / year if assigned else None,
                    }
                    if year
                    else {}
                )
                usual = mean * per_result / 4 / 200
                rows.append(
                    {
                        "role": role,
                        "fiscal_year": 2028,
                        "year_start_date": LAST_DAY + dt.timedelta(1),
                        "probability": probability,
                        "step": step,
                        "last_step": len(chain),
                        "metric_id": metric,
                        "metric_name": name,
                        "unit": unit,
                        "result_unit": chain[-1][2],
                        "result_target": target,
                        "result_dispersion": 60_000.0,
                        "history_from": 400.0 if rate else None,
                        "history_to": 400.0 * rate if rate else None,
                        "own_weight": 0.9 if rate else None,
                        "rate": rate,
                        "events_per_result": per_result,
                        "channel_share": 1.0,
                        "reps": 4.0,
                        "capacity_days_per_rep": 200.0,
                        "working_days": 250.0,
                        "median_per_day": 1.1 * usual if probability == 0.5 else 0.95 * usual,
                        "top_quartile_per_day": 1.3 * usual,
                        "assigned_goal": assigned,
                    }
                    | volumes
                    | {f"month_{month}_share": 1 / 12 for month in range(1, 13)}
                )
    return rows


def rule_rows(seed: str) -> list[dict[str, Any]]:
    """The rows of a seed that holds for every company."""
    path = Settings().dbt_project_dir / "seeds/rules" / f"{seed}.csv"
    return duckdb.sql(f"from read_csv('{path}')").to_arrow_table().to_pylist()


def dimension_rows() -> dict[str, list[dict[str, Any]]]:
    """The dimensions, the checks and the releases."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for day in days(FIRST_DAY, LAST_DAY):
        monday = day - dt.timedelta(day.isoweekday() - 1)
        iso = day.isocalendar()
        tables["dim_dates"].append(
            {
                "date_day": day,
                "iso_weekday": day.isoweekday(),
                "week_start_date": monday,
                "week_end_date": monday + dt.timedelta(6),
                "week_id": f"{iso.year}-W{iso.week:02d}",
                "month_start_date": day.replace(day=1),
                "month_end_date": month_end(day),
                "month_id": f"{day:%Y-%m}",
                "fiscal_year": 2027,
                "year_start_date": FIRST_DAY,
                "year_end_date": LAST_DAY,
                "year_id": "FY2027",
                "slot_id": f"{day.month}-{1 if day.day <= 15 else 2}",
            }
        )
    for rep_id, rep_name, team, region, role, tier, fte, _ in REPS:
        tables["dim_reps"].append(
            {
                "rep_version_id": f"{rep_id}-1",
                "rep_id": rep_id,
                "rep_name": rep_name,
                "email": f"{rep_id}@example.com",
                "manager_id": MANAGERS[team][0],
                "manager_name": MANAGERS[team][1],
                "team": team,
                "region": region,
                "role": role,
                "tier": tier,
                "calendar": region,
                "time_zone": "UTC",
                "fte": fte,
                "hire_date": None if rep_id == "r12" else dt.date(2024, 3, 4),
                "valid_from": FIRST_DAY,
                "is_current": True,
                "is_active": True,
                "next_working_date": AS_OF + dt.timedelta(1),
            }
        )
    tables["dim_reps"].append(
        {
            "rep_version_id": "unassigned-1",
            "rep_id": "unassigned",
            "rep_name": "Unassigned",
            "valid_from": FIRST_DAY,
            "is_current": True,
            "is_active": False,
        }
    )
    for sort_order, (metric_id, metric) in enumerate(METRICS.items(), start=1):
        name, kind, unit, aggregation, higher, description = metric
        tables["dim_metrics"].append(
            {
                "metric_id": metric_id,
                "metric_name": name,
                "metric_kind": kind,
                "unit": unit,
                "aggregation": aggregation,
                "is_higher_better": higher,
                "sort_order": sort_order,
                "description": description,
            }
        )
        for half in range(24):
            month, second = half // 2 + 1, half % 2 + 1
            index = season(dt.date(2026, month, 10 if second == 1 else 20))
            for role in SCORECARDS:
                if metric_id in SCORECARDS[role]:
                    tables["dim_seasonal_adjustments"].append(
                        {
                            "metric_id": metric_id,
                            "role": role,
                            "region": "EMEA",
                            "slot_id": f"{month}-{second}",
                            "month": month,
                            "half": second,
                            "index_scope": "role" if month > 6 else "organisation",
                            "event_count": 420,
                            "years": 2,
                            "raw_index": index * 1.03,
                            "shrink_weight": 0.8,
                            "seasonal_index": index,
                            "manual_factor": 0.9 if half == 23 else 1.0,
                            "manual_reason": "Offices close after Christmas"
                            if half == 23
                            else None,
                            "season": index * (0.9 if half == 23 else 1.0),
                        }
                    )
    for role, goals in SCORECARDS.items():
        for metric_id, goal in goals.items():
            tables["dim_goals"].append(
                {
                    "goal_id": f"g_{role}_{metric_id}",
                    "scope": "role",
                    "scope_value": role,
                    "metric_id": metric_id,
                    "period": "day",
                    "goal": goal,
                    "timing": "relieve",
                    "valid_from": FIRST_DAY,
                    "source": "policy",
                }
            )
    tables["dim_statuses"] = rule_rows("statuses")
    tables["dim_period_types"] = rule_rows("period_types")
    # a type that no list of the code can know, and of which nothing is published yet
    tables["dim_period_types"].append(
        tables["dim_period_types"][-1]
        | {
            "period_type": "last_52_weeks",
            "period_name": "Last 52 weeks",
            "short_name": "52 weeks",
            "current_name": "Last 52 weeks",
            "days": 364,
            "sort_order": 7,
        }
    )
    for rank, (level, edge) in enumerate(
        [("outstanding", 1.2), ("on_track", 0.8), ("needs_intervention", 0.0)], start=1
    ):
        tables["dim_performance_levels"].append(
            {"level": level, "min_attainment": edge, "rank": rank}
        )
    checks = [
        ("gx_row_count_matches_weekday", "raw", "activities", None, True, "error", None),
        ("gx_values_not_null_rep_id", "raw", "activities", "rep_id", False, "warn", 12),
        ("assert_daily_goals_add_up_to_the_goal", "dbt", "fct_goals_daily", None, True, "error", 0),
        ("gx_freshness_occurred_at", "marts", "scorecard_reps", None, True, "error", None),
    ]
    for name, layer, table, column, passed, severity, failed in checks:
        tables["data_checks"].append(
            {
                "release_id": RELEASE,
                "check_name": name,
                "layer": layer,
                "table_name": table,
                "column_name": column,
                "passed": passed,
                "severity": severity,
                "observed_value": "1.2 %" if failed else "within range",
                "expected": "at most 1 %" if failed else None,
                "failed_rows": failed,
                "description": "Every activity should name the rep who did it."
                if column
                else "Looks like the same weekday of the weeks before.",
                "checked_at": dt.datetime(2026, 11, 19, 4, 58),
            }
        )
    for release_id, hour in (("20261118T050000Z-1a2b3c4", -19), (RELEASE, 5)):
        tables["releases"].append(
            {
                "release_id": release_id,
                "published_at": dt.datetime(2026, 11, 19) + dt.timedelta(hours=hour),
                "as_of_date": AS_OF,
                "code_version": "1a2b3c4",
                "high_water_marks": "{}",
            }
        )
    return tables


def lead_rows() -> dict[str, list[dict[str, Any]]]:
    """Leads of r04 with a score and of r02 without one; what the score was worth; the focus."""
    leads = []
    for rep_id, count in (("r04", 12), ("r02", 2)):
        for rank in range(1, count + 1):
            scored = rep_id == "r04"
            leads.append(
                {
                    "lead_id": f"{rep_id}_lead_{rank}",
                    "rep_id": rep_id,
                    "account_name": None if rank == 3 else f"Käse & Söhne {rank}",
                    "created_date": AS_OF - dt.timedelta(2 * rank),
                    "source": None if rank == 4 else "trade fair",
                    "industry": "Food, beverage",
                    "employee_count": None if rank == 2 else 1300.0 / rank,
                    "country": "DE",
                    "job_title": "Head of Purchasing",
                    "status": "open",
                    "lead_state": "open",
                    "is_open": True,
                    "icp_points": None if rank == 3 else 60.0 - 20 * rank,
                    "icp_fit": None if rank == 3 else ("good", "fair", "poor")[min(rank, 3) - 1],
                    "rule_points": 20.0 - rank,
                    "conversion_probability": (0.62 / rank**2) if scored else None,
                    "probability_base": 0.11 if scored else None,
                    "rank_for_rep": rank,
                    "reasons": "from trade fair +, industry Food, beverage -, company size 1000 or "
                    "more +"
                    if scored
                    else None,
                    "score_state": "scored"
                    if scored
                    else "no score yet: 12 of 30 conversions needed",
                }
            )
    promised = [0.52, 0.23, 0.13, 0.08, 0.05, 0.03, 0.02, 0.014, 0.007, 0.003]
    converted = [56, 20, 15, 7, 4, 4, 1, 2, 0, 1]
    deciles = [(0, 1000, sum(converted), sum(promised) / 10)] + [
        (number, 100, conversions, chance)
        for number, (conversions, chance) in enumerate(zip(converted, promised, strict=True), 1)
    ]
    quality = [
        {
            "decile": number,
            "leads": count,
            "conversions": conversions,
            "mean_predicted": chance,
            "observed_ratio": conversions / count,
            "observed_low": max(0.0, conversions / count - 0.05),
            "observed_high": conversions / count + 0.06,
            "lift": conversions / count / 0.11,
            "checked_from": dt.date(2026, 2, 20),
            "checked_to": dt.date(2026, 8, 20),
            "check_state": "checked",
        }
        for number, count, conversions, chance in deciles
    ]
    values = {
        "icp_fit": {"good": 0.29, "fair": 0.09, "poor": 0.02},
        "industry": {"Medical": 0.28, "Food, beverage": 0.02, "Rail": 0.05},
        "employee_count": {"250 or more": 0.3, "below 250": 0.04},
    }
    attributes = [
        {
            "attribute": attribute,
            "value_class": value.lower(),
            "value_name": value,
            "leads": 400,
            "conversions": round(400 * share),
            "observed_ratio": share,
            "observed_low": share * 0.8,
            "observed_high": share * 1.2,
            "lift": share / 0.11,
        }
        for attribute, shares in values.items()
        for value, share in shares.items()
    ]
    focus = []
    for rep_id, rep_name, team, _, role, *_ in REPS:
        known = rep_id != SUSPECT
        focus.append(
            {
                "rep_id": rep_id,
                "rep_name": rep_name,
                "team": team,
                "role": role,
                "period_type": "last_13_weeks",
                "period_start": AS_OF - dt.timedelta(90),
                "period_end": AS_OF,
                "activity_count": 900 if known else 12,
                "known_count": 800 if known else 12,
                "good_count": 240 if known else 2,
                "fair_count": 400 if known else 4,
                "poor_count": 160 if known else 6,
                "good_ratio": 0.3 if known else None,
                "fair_ratio": 0.5 if known else None,
                "poor_ratio": 0.2 if known else None,
                "team_good_ratio": 0.26,
                "focus_state": "known"
                if known
                else "not known: 12 of 30 activities with a known account needed",
            }
        )
    return {
        "lead_scores": leads,
        "lead_score_calibration": quality,
        "lead_score_attributes": attributes,
        "scorecard_focus": focus,
    }


def calibration_rows() -> list[dict[str, Any]]:
    """`projection_calibration`: chances that hold but for one, an interval of each verdict."""
    kinds = {"slice": "all", "role": None, "metric_id": None, "period_type": None}
    slices = [
        kinds | {"coverage_ratio": 0.808},
        kinds | {"slice": "period_type", "period_type": "week", "coverage_ratio": 0.81},
        kinds | {"slice": "period_type", "period_type": "month", "coverage_ratio": 0.79},
        kinds | {"slice": "period_type", "period_type": "year", "verdict": "too_little_data"},
        kinds | {"slice": "metric", "role": "AE", "metric_id": "demos", "coverage_ratio": 0.71,
                 "verdict": "too_narrow"},
        kinds | {"slice": "metric", "role": "AE", "metric_id": "revenue_won",
                 "coverage_ratio": 0.9, "verdict": "too_wide"},
    ]  # fmt: skip
    for number in range(10):
        chance = 0.05 + number / 10
        reached = chance - 0.12 if number == 8 else chance + 0.01
        slices.append(
            kinds
            | {"slice": "chance", "chance_from": number / 10, "mean_chance": chance}
            | {"reached_ratio": reached, "reached_low": reached - 0.04}
            | {"reached_high": reached + 0.04, "forecasts": 9000 - 800 * number}
            | {"verdict": "too_high" if number == 8 else "holds"}
        )
    usual = {"forecasts": 1200, "outcomes": 420.0, "coverage_ratio": 0.8, "mean_chance": 0.42}
    usual |= {"reached_ratio": 0.43, "verdict": "holds"}
    rows = [usual | row for row in slices]
    for row in rows:
        row["coverage_low"] = row["coverage_ratio"] - 0.03
        row["coverage_high"] = row["coverage_ratio"] + 0.03
    return rows


def audit_rows() -> list[dict[str, Any]]:
    """`leading_indicator_audit`: each verdict once."""
    rows = []
    for leading, lagging, effect, q_value, verdict in (
        ("demos", "revenue_won", 0.15, 0.0002, "supports"),
        ("dials", "revenue_won", 0.01, 0.72, "no_evidence"),
        ("meetings_booked", "revenue_won", -0.11, 0.031, "contradicts"),
        ("response_days", "revenue_won", None, None, "not_tested"),
        ("deals_won", "revenue_won", None, None, "too_little_data"),
    ):
        name, result = METRICS[leading][0], METRICS[lagging][0]
        rows.append(
            {
                "role": "AE",
                "leading_metric_id": leading,
                "leading_metric_name": name,
                "lagging_metric_id": lagging,
                "lagging_metric_name": result,
                "lag_weeks": 5,
                "reps": 14,
                "weeks": 100,
                "effect": effect,
                "q_value": q_value,
                "verdict": verdict,
                "sentence": f"What weeks with more {name} than usual say about {result}.",
            }
        )
    return rows


def completed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with what follows from its rep, and from the release."""
    of_rep = {
        rep_id: {"rep_name": name, "team": team, "region": region, "role": role, "tier": tier}
        for rep_id, name, team, region, role, tier, *_ in REPS
    }
    return {"as_of_date": AS_OF} | of_rep.get(row.get("rep_id", ""), {}) | row


def write_published(path: Path) -> Path:
    """Write the release to a DuckDB file with the columns of the contracts."""
    tables = dimension_rows()
    tables["scorecard_rep_metrics"] = rep_metric_rows()
    tables["scorecard_reps"] = rep_rows(tables["scorecard_rep_metrics"])
    tables["scorecard_teams"] = team_rows(tables["scorecard_rep_metrics"])
    tables["scorecard_benchmarks"] = benchmark_rows(tables["scorecard_rep_metrics"])
    tables["goal_quality"] = goal_quality_rows(tables["scorecard_rep_metrics"])
    tables["fct_goals_daily"] = goal_rows()
    tables |= lead_rows()
    tables["projection_calibration"] = calibration_rows()
    tables["leading_indicator_audit"] = audit_rows()
    tables["scorecard_history"], tables["scorecard_restatements"] = history_rows(
        tables["scorecard_rep_metrics"], tables["scorecard_reps"]
    )
    tables["scorecard_data_signals"] = signal_rows()
    tables |= account_rows()
    tables["goal_plan"] = plan_rows()
    tables["scorecard_funnels"], tables["scorecard_diagnosis"] = funnel_rows(
        tables["scorecard_rep_metrics"]
    )
    tables |= sheet_rows(tables["scorecard_rep_metrics"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(
        str(path), config={"storage_compatibility_version": "v1.4.0"}
    ) as connection:
        connection.execute("create schema marts")
        for table, columns in TABLES.items():
            types = ", ".join(f"{name} {column.type}" for name, column in columns.items())
            connection.execute(f"create table marts.{table} ({types})")
            # rows that are made of a scorecard's, or of the history's, may carry the rest of it
            known = columns.keys() | TABLES["scorecard_rep_metrics"].keys() | TABLES[HISTORY].keys()
            unknown = {name for row in tables[table] for name in row} - known
            assert not unknown, f"{table} has no such columns: {unknown}"
            written = [completed(row) for row in tables[table]]
            rows = pa.table({name: [row.get(name) for row in written] for name in columns})
            connection.register("new_rows", rows)
            connection.execute(f"insert into marts.{table} select * from new_rows")
            connection.unregister("new_rows")
    return path


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published DuckDB file of the invented company."""
    return write_published(tmp_path_factory.mktemp("published") / "scorecard.duckdb")


def publish_sample(settings: Settings, published: Path, release_id: str = RELEASE) -> Release:
    """Make the invented company's release the current one of `settings`."""
    release = Release(
        release_id=release_id,
        company=settings.company,
        published_at=dt.datetime(2026, 11, 19, 5, tzinfo=dt.UTC),
        as_of_date=AS_OF,
        code_version="1a2b3c4",
        high_water_marks={},
        row_counts={},
        checksums={},
        path=settings.published_dir / "releases" / release_id,
    )
    release.path.mkdir(parents=True)
    shutil.copyfile(published, release.database)
    write_manifest(release.path, release)
    publishing._swap_pointer(publishing._prepare_pointer(settings.published_dir, release_id))
    return release
