"""Rules about goals, levels and seasons."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from orchestration.policy.cells import parse_date, parse_integer, parse_number, unknown_reference
from orchestration.policy.reading import Policy, PolicyProblem, PolicyRow


def check_goals(policy: Policy) -> Iterator[PolicyProblem]:
    """A scope names whom it means, a goal begins before it ends, and a share is at most 1."""
    units = {row["metric_id"]: row["unit"] for row in policy.rows("metrics")}
    roles = policy.values("scorecard_metrics", "role")
    for row in policy.rows("goals"):
        if row["scope"] == "role" and row["scope_value"] and row["scope_value"] not in roles:
            found = unknown_reference("scorecard_metrics", "role", row, roles, "scope_value")
            yield policy.error("goals", row, "scope_value", *found)
        if row["scope"] == "org" and row["scope_value"]:
            yield policy.error(
                "goals",
                row,
                "scope_value",
                f"scope org has scope_value '{row['scope_value']}'",
                "leave it empty: org means every rep",
            )
        if row["scope"] not in ("org", "") and not row["scope_value"]:
            yield policy.error(
                "goals",
                row,
                "scope_value",
                f"scope_value is empty for scope '{row['scope']}'",
                f"name the {row['scope']}, or use scope org for every rep",
            )
        start, end = parse_date(row["valid_from"]), parse_date(row["valid_to"])
        if start and end and start >= end:
            yield policy.error(
                "goals",
                row,
                "valid_to",
                f"valid_to '{row['valid_to']}' is not after valid_from '{row['valid_from']}'",
                "valid_to is the first day on which the goal no longer holds",
            )
        goal = parse_number(row["goal"])
        if units.get(row["metric_id"]) == "ratio" and goal is not None and goal > 1:
            yield PolicyProblem(
                "warn",
                policy.file("goals"),
                row.line,
                "goal",
                row["goal"],
                f"goal {row['goal']} of the ratio '{row['metric_id']}' is more than 100 %",
                "write 25 % as 0.25",
            )


def check_goal_overlaps(policy: Policy) -> Iterator[PolicyProblem]:
    """No two goals of one rank may hold for one rep on one day."""
    groups: dict[tuple[str, ...], list[PolicyRow]] = defaultdict(list)
    for row in policy.rows("goals"):
        groups[(row["scope"], row["scope_value"], row["metric_id"])].append(row)
    for rows in groups.values():
        for number, later in enumerate(rows):
            for earlier in rows[:number]:
                if _same_rank(earlier, later) and _overlap(earlier, later):
                    yield policy.error(
                        "goals",
                        later,
                        "goal_id",
                        f"goal '{later['goal_id']}' holds on the same days, for the same "
                        f"{later['scope']} {later['scope_value']}".rstrip()
                        + f" and metric '{later['metric_id']}', as goal '{earlier['goal_id']}' "
                        f"on line {earlier.line}",
                        "end one where the other starts (valid_to is the first day that no "
                        "longer counts), or remove one",
                    )


def _same_rank(one: PolicyRow, other: PolicyRow) -> bool:
    if one["tier"] == other["tier"]:
        return True
    # role + tier outranks role alone; in every other scope the tier only narrows who is meant
    return one["scope"] != "role" and "" in (one["tier"], other["tier"])


def _overlap(one: PolicyRow, other: PolicyRow) -> bool:
    def starts(row: PolicyRow) -> dt.date:
        return parse_date(row["valid_from"]) or dt.date.min

    def ends(row: PolicyRow) -> dt.date:
        return parse_date(row["valid_to"]) or dt.date.max

    return starts(one) < ends(other) and starts(other) < ends(one)


def check_levels(policy: Policy) -> Iterator[PolicyProblem]:
    """Each table of levels covers every attainment from 0 up, each edge once, ranks downwards."""
    groups: dict[tuple[str, str], list[PolicyRow]] = {("", ""): []}
    for row in policy.rows("performance_levels"):
        groups.setdefault((row["metric_id"], row["role"]), []).append(row)
    for (metric, role), rows in groups.items():
        named = " and ".join(
            text for text in (metric and f"metric '{metric}'", role and f"role '{role}'") if text
        )
        table = f"the levels of {named}" if named else "the default levels (no metric, no role)"
        edges = [
            (edge, row) for row in rows if (edge := parse_number(row["min_attainment"])) is not None
        ]
        if len(edges) < len(rows):
            continue  # a wrong cell, reported as such
        if not any(edge == 0 for edge, _ in edges):
            yield PolicyProblem(
                "error",
                policy.file("performance_levels"),
                rows[0].line if rows else None,
                "min_attainment",
                None,
                f"{table} have no edge 0",
                "add the lowest level with min_attainment 0",
            )
        edges.sort(key=lambda pair: -pair[0])
        for (high, above), (low, row) in pairwise(edges):
            if high == low:
                yield policy.error(
                    "performance_levels",
                    row,
                    "min_attainment",
                    f"{table} have the edge {row['min_attainment']} also on line {above.line}",
                    "give each level its own lower edge",
                )
                continue
            rank_above, rank = parse_integer(above["rank"]), parse_integer(row["rank"])
            if rank_above is not None and rank is not None and rank_above >= rank:
                yield policy.error(
                    "performance_levels",
                    row,
                    "rank",
                    f"rank '{row['rank']}' of level '{row['level']}' does not come after rank "
                    f"'{above['rank']}' of the level above it",
                    "rank 1 is the level with the highest min_attainment, then 2, 3",
                )


def check_seasonal_adjustments(policy: Policy) -> Iterator[PolicyProblem]:
    """A factor does not end before it begins."""
    for row in policy.rows("seasonal_adjustments"):
        first, last = parse_integer(row["valid_from_year"]), parse_integer(row["valid_to_year"])
        if first is not None and last is not None and first > last:
            yield policy.error(
                "seasonal_adjustments",
                row,
                "valid_to_year",
                f"valid_to_year '{last}' is before valid_from_year '{first}'",
                "both years count; use the same year twice for one year",
            )
