"""Rules about metrics, the events they count, scorecards, funnels and benchmarks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from orchestration.policy.cells import parse_integer, parse_number
from orchestration.policy.reading import Policy, PolicyProblem, PolicyRow

ADDITIVE = ("count", "sum")

PER_WORKING_DAY = "working day"

MAX_FUNNEL_STEPS = 6


def check_metrics(policy: Policy) -> Iterator[PolicyProblem]:
    """A ratio divides two additive metrics; every other metric counts or sums an event."""
    events = policy.values("event_rules", "event_type")
    aggregation = {row["metric_id"]: row["aggregation"] for row in policy.rows("metrics")}
    parts = ("numerator_metric_id", "denominator_metric_id")
    for row in policy.rows("metrics"):
        metric = row["metric_id"]
        if row["aggregation"] == "ratio":
            for column in parts:
                part = row[column]
                if not part:
                    message = f"ratio '{metric}' has no {column}"
                    remedy = "name the metric to divide (or divide by)"
                elif part not in aggregation:
                    message = f"{column} '{part}' of ratio '{metric}' is not a metric"
                    remedy = "add it to metrics.csv, or name another"
                elif aggregation[part] not in ADDITIVE:
                    message = f"{column} '{part}' of ratio '{metric}' is a {aggregation[part]}"
                    remedy = "a ratio divides metrics that are a count or a sum"
                else:
                    continue
                yield policy.error("metrics", row, column, message, remedy)
            if row["event_type"]:
                yield policy.error(
                    "metrics",
                    row,
                    "event_type",
                    f"ratio '{metric}' has event type '{row['event_type']}'",
                    "leave it empty: a ratio divides two other metrics",
                )
        elif row["aggregation"] in (*ADDITIVE, "mean"):
            for column in parts:
                if row[column]:
                    yield policy.error(
                        "metrics",
                        row,
                        column,
                        f"{column} '{row[column]}' is only for ratios",
                        "leave it empty, or set the aggregation to ratio",
                    )
            if row["event_type"] not in events:
                yield policy.error(
                    "metrics",
                    row,
                    "event_type",
                    f"event type '{row['event_type']}' is not in event_rules.csv",
                    f"add it there, or use one of: {', '.join(sorted(events))}",
                )


# what the outcome of a record of these tables can be; other tables have outcomes of their own
_OUTCOMES = {
    "opportunities": ("created", "won", "lost", "closed"),
    "leads": ("created", "converted"),
}

_COLUMNS_OF_ACTIVITIES = ("activity_type", "direction", "min_duration_seconds")


def check_event_rules(policy: Policy) -> Iterator[PolicyProblem]:
    """A rule names only what its table has."""
    for row in policy.rows("event_rules"):
        source, outcome = row["source_table"], row["outcome"]
        if source in _OUTCOMES and outcome.lower() not in _OUTCOMES[source]:
            yield policy.error(
                "event_rules",
                row,
                "outcome",
                f"outcome '{outcome}' is not known for {source}",
                f"use one of: {', '.join(_OUTCOMES[source])}",
            )
        for column in _COLUMNS_OF_ACTIVITIES:
            # the activity_type of an opportunity is its opportunity_type
            known = source == "activities" or (source, column) == ("opportunities", "activity_type")
            if row[column] and not known:
                yield policy.error(
                    "event_rules",
                    row,
                    column,
                    f"{column} '{row[column]}' is not known for {source}",
                    "leave it empty",
                )


def check_event_rule_overlaps(policy: Policy) -> Iterator[PolicyProblem]:
    """Outside activities, where each record is matched once, no record may fit two rules."""
    groups: dict[tuple[str, str], list[PolicyRow]] = defaultdict(list)
    for row in policy.rows("event_rules"):
        if row["source_table"] != "activities":
            groups[(row["event_type"], row["source_table"])].append(row)
    for rows in groups.values():
        for number, later in enumerate(rows):
            for earlier in rows[:number]:
                if _share_records(earlier, later):
                    yield policy.error(
                        "event_rules",
                        later,
                        "outcome",
                        f"a record would be event '{later['event_type']}' twice: by this line and "
                        f"by line {earlier.line}",
                        "remove one of them, or give one another event_type",
                    )


def _share_records(one: PolicyRow, other: PolicyRow) -> bool:
    types = {one["activity_type"].lower(), other["activity_type"].lower()}
    outcomes = {one["outcome"].lower(), other["outcome"].lower()}
    same_type = len(types) == 1 or "" in types
    # every won and every lost deal is also a closed one
    closed = "closed" in outcomes and bool(outcomes & {"won", "lost"})
    return same_type and (len(outcomes) == 1 or "" in outcomes or closed)


def check_measures(policy: Policy) -> Iterator[PolicyProblem]:
    """A sum or a mean needs something to add up: deals have amounts and days, calls a duration."""
    sources: dict[str, set[str]] = defaultdict(set)
    for row in policy.rows("event_rules"):
        sources[row["event_type"]].add(row["source_table"])
    for row in policy.rows("metrics"):
        if row["aggregation"] not in ("sum", "mean"):
            continue
        allowed = {"opportunities"}
        if row["unit"] not in ("money", "days"):
            allowed.add("activities")
        for source in sorted(sources[row["event_type"]] - allowed):
            yield policy.error(
                "metrics",
                row,
                "aggregation",
                f"a {row['aggregation']} of {row['unit']} cannot be taken from {source}, where "
                f"event type '{row['event_type']}' comes from",
                "set the aggregation to count, or use an event of opportunities",
            )


def check_funnels(policy: Policy) -> Iterator[PolicyProblem]:
    """A funnel is a chain of additive metrics, step 1, 2, 3; only its end may be money."""
    metrics = {row["metric_id"]: row for row in policy.rows("metrics")}
    funnels: dict[str, list[PolicyRow]] = defaultdict(list)
    for row in policy.rows("funnels"):
        funnels[row["role"]].append(row)
    for role, rows in funnels.items():
        steps = [(step, row) for row in rows if (step := parse_integer(row["step"])) is not None]
        if len(steps) < len(rows):
            continue  # a wrong cell, reported as such
        steps.sort(key=lambda pair: pair[0])
        last = steps[-1][0]
        expected = 1
        for number, (step, row) in enumerate(steps):
            before = steps[number - 1][0] if number else 0
            if step == before and step != 1:
                yield policy.error(
                    "funnels",
                    row,
                    "step",
                    f"step {step} of role '{role}' is already on line {steps[number - 1][1].line}",
                    "give each metric a step of its own; only step 1 may have several, which add "
                    "up (the channels that feed the funnel)",
                )
            elif step != before and step != expected:
                yield policy.error(
                    "funnels",
                    row,
                    "step",
                    f"step {step} of role '{role}' comes where step {expected} is expected",
                    "number the steps 1, 2, 3 without a gap",
                )
            expected = step + 1
            if metric := metrics.get(row["metric_id"]):  # else reported as an unknown metric
                yield from _check_funnel_metric(policy, row, metric, is_last=step == last)
        if last > MAX_FUNNEL_STEPS or last < 2:
            row = steps[-1][1]
            yield policy.error(
                "funnels",
                row,
                "step",
                f"the funnel of role '{role}' has {last} step{'s' if last > 1 else ''}",
                f"use 2 to {MAX_FUNNEL_STEPS} steps: what a rep does, what comes of it, the result",
            )


def _check_funnel_metric(
    policy: Policy, row: PolicyRow, metric: PolicyRow, *, is_last: bool
) -> Iterator[PolicyProblem]:
    """What a step of a funnel counts."""
    if metric["aggregation"] not in ADDITIVE:
        yield policy.error(
            "funnels",
            row,
            "metric_id",
            f"metric '{row['metric_id']}' is a {metric['aggregation']}",
            "use the metric that counts the step: rates follow from two steps",
        )
    elif metric["aggregation"] == "sum" and not is_last:
        yield policy.error(
            "funnels",
            row,
            "metric_id",
            f"metric '{row['metric_id']}' is a sum, which only the last step may be",
            "use a metric that counts",
        )
    elif metric["is_higher_better"].lower() == "false":
        yield policy.error(
            "funnels",
            row,
            "metric_id",
            f"of metric '{row['metric_id']}' less is better",
            "use what leads on to the next step",
        )


def check_revenue_targets(policy: Policy) -> Iterator[PolicyProblem]:
    """A revenue target is planned backwards over a funnel that ends in money."""
    units = {row["metric_id"]: row["unit"] for row in policy.rows("metrics")}
    roles = {
        row["role"] for row in policy.rows("funnels") if units.get(row["metric_id"]) == "money"
    }
    for row in policy.rows("revenue_targets"):
        if row["role"] not in roles:
            yield policy.error(
                "revenue_targets",
                row,
                "role",
                f"role '{row['role']}' has no funnel that ends in money",
                "give it one in funnels.csv, or remove the line",
            )


def check_industry_benchmarks(policy: Policy) -> Iterator[PolicyProblem]:
    """A figure from outside says what it is: a share below 1, or so much a working day."""
    seed = "industry_benchmarks"
    metrics = {row["metric_id"]: row for row in policy.rows("metrics")}
    for row in policy.rows(seed):
        metric, value = metrics.get(row["metric_id"]), parse_number(row["value"])
        if metric and metric["unit"] == "ratio" and value is not None and value > 1:
            yield policy.error(
                seed,
                row,
                "value",
                f"value '{row['value']}' of the ratio '{row['metric_id']}' is more than 100 %",
                "write 25 % as 0.25",
            )
        if (
            metric
            and metric["aggregation"] in ADDITIVE
            and row["denominator"] not in (PER_WORKING_DAY, "")
        ):
            yield policy.error(
                seed,
                row,
                "denominator",
                f"denominator '{row['denominator']}' of '{row['metric_id']}', which adds up, is "
                f"not '{PER_WORKING_DAY}'",
                "state the value per working day of a full-time rep: divide a weekly figure by the "
                f"working days of a week, and write {PER_WORKING_DAY}",
            )
        if row["is_verified"].lower() == "true" and not row["source_url"]:
            yield policy.error(
                seed,
                row,
                "source_url",
                "source_url is empty, but the figure is marked as verified",
                "say where anybody can check it, or write is_verified false",
            )


def check_scorecards(policy: Policy) -> Iterator[PolicyProblem]:
    """Warnings: a scorecard should be short, and most of it lead."""
    seed = "scorecard_metrics"
    most, per_lagging = (
        parse_integer(policy.setting(name))
        for name in ("max_scorecard_metrics", "leading_per_lagging")
    )
    if most is None or per_lagging is None:
        return  # a wrong setting, reported as such
    rows_of_role: dict[str, list[PolicyRow]] = defaultdict(list)
    for row in policy.rows(seed):
        rows_of_role[row["role"]].append(row)
    for role, rows in rows_of_role.items():
        for tier in sorted({row["tier"] for row in rows}):
            # a row without a tier counts for every tier; the tier's own row wins
            kinds = {row["metric_id"]: row["metric_kind"] for row in rows if not row["tier"]}
            own = [row for row in rows if row["tier"] == tier]
            kinds.update({row["metric_id"]: row["metric_kind"] for row in own})
            named = f"the scorecard of role '{role}'" + (f", tier '{tier}'" if tier else "")
            leading = sum(kind == "leading" for kind in kinds.values())
            lagging = sum(kind == "lagging" for kind in kinds.values())

            def warning(message: str, remedy: str, row: PolicyRow = own[0]) -> PolicyProblem:
                return PolicyProblem(
                    "warn", policy.file(seed), row.line, "role", row["role"], message, remedy
                )

            if len(kinds) > most:
                yield warning(
                    f"{named} has {len(kinds)} metrics",
                    f"keep the {most} that matter: more are not read",
                )
            if leading != per_lagging * lagging:
                yield warning(
                    f"{named} has {leading} leading and {lagging} lagging metrics",
                    f"aim at {per_lagging} leading for each lagging: what a rep can act on, then "
                    "the result",
                )
