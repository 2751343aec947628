"""A rep's scorecard in the terminal: the same figures as on the pages, from the published file."""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.text import Text

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.policy.as_of import company_time_zone
from orchestration.policy.reading import read_policy
from orchestration.readers.labels import (
    Status,
    format_day,
    format_moment,
    format_period,
    format_value,
    percent,
    reach,
    read_statuses,
    status_of,
)
from orchestration.releases.release import Release, current_release, open_tables

PREVIOUS = "previous_"
REP_COLUMNS = ("rep_id", "rep_name", "team", "region", "role", "tier", "manager_name", "is_active")
PERIOD_COLUMNS = ("period_type", "period_id", "period_start", "period_end", "is_current")
SCORE_COLUMNS = (
    "score",
    "leading_score",
    "lagging_score",
    "score_level",
    "status",
    "rank_in_role",
    "reps_in_role",
)
METRIC_COLUMNS = (
    "metric_id",
    "metric_name",
    "metric_kind",
    "unit",
    "aggregation",
    "is_higher_better",
    "weight",
    "actual",
    "goal_to_date",
    "goal_period",
    "judged_actual",
    "judged_goal",
    "judged_days",
    "working_days",
    "attainment",
    "level",
    "evidence",
    "z_score",
    "status",
    "projection",
    "projection_low",
    "projection_high",
    "goal_probability",
    "needed_per_day",
)
STYLES = {
    "red": "red",
    "amber": "yellow",
    "blue": "blue",
    "pale_green": "green",
    "green": "green",
    "purple": "magenta",
}
SCALE_END = 1.6  # the bar ends at 160 % of the goal, as on the pages
SHOWN_NAMES = 12


@dataclass(frozen=True)
class Scorecard:
    """What was published about a rep in a period; `as_json` is this with plain types."""

    company: str
    currency: str
    release_id: str
    as_of_date: dt.date
    published_at: dt.datetime
    time_zone: ZoneInfo
    period_key: str
    period_name: str
    rep: dict[str, Any]
    period: dict[str, Any] | None
    score: dict[str, Any] | None
    metrics: list[dict[str, Any]]
    edges: dict[str, list[float]]  # of the levels, by metric; '' is the score
    statuses: Mapping[str, Status]

    def as_json(self) -> dict[str, Any]:
        """Plain types under keys that stay; null is what is not known."""
        return {
            "company": self.company,
            "currency": self.currency or None,
            "release_id": self.release_id,
            "as_of_date": self.as_of_date.isoformat(),
            "published_at": self.published_at.isoformat(),
            "period": self.period_key,
            **{name: _plain((self.period or {}).get(name)) for name in PERIOD_COLUMNS},
            "rep": self.rep,
            "score": self.score,
            "metrics": self.metrics,
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines that can be read without colour and on 80 columns."""
        draw = _Drawing(ascii_only=options.ascii_only)
        yield from _header(self, draw)
        for kind in ("leading", "lagging"):
            metrics = [metric for metric in self.metrics if metric["metric_kind"] == kind]
            if metrics:
                yield Text(f"\n{kind.capitalize()}", style="bold")
            for metric in metrics:
                yield from _metric(self, metric, draw, options.max_width)


def read_scorecard(settings: Settings, rep: str, period: str = "month") -> Scorecard:
    """What the current release says about a rep.

    Args:
        settings: the company.
        rep: an id, a name, or a part of a name that only one rep has.
        period: one of `read_periods`.

    Raises:
        ConfigError: nothing is published, there is no such period, or the rep is not clear.
        ScorecardError: the release has other columns than this code knows.
    """
    with reading_release(settings) as (release, connection):
        periods = read_periods(connection)
        if period not in periods:
            raise ConfigError(f"--period: '{period}' is none of: {', '.join(periods)}.")
        statuses = read_statuses(connection)
        person = find_rep(_reps(connection), rep)
        scores = _rows(
            connection,
            (*PERIOD_COLUMNS, *SCORE_COLUMNS, "role"),
            "from scorecard_reps where rep_id = ? and period_type = ? and is_current = ?"
            " order by period_start desc limit 1",
            _selection(person, period),
        )
        metrics = _rows(
            connection,
            (*METRIC_COLUMNS, "period_start"),
            "from scorecard_rep_metrics where rep_id = ? and period_type = ?"
            " and is_current = ? order by sort_order, metric_id",
            _selection(person, period),
        )
        levels = _rows(
            connection,
            ("metric_id", "role", "level", "min_attainment"),
            "from dim_performance_levels",
        )
    score = scores[0] if scores else None
    role = score["role"] if score else ""
    metrics = [row for row in metrics if score and row["period_start"] == score["period_start"]]
    return Scorecard(
        company=settings.company,
        currency=read_policy(settings.seeds_dir).setting("currency") or "",
        release_id=release.release_id,
        as_of_date=release.as_of_date,
        published_at=release.published_at,
        time_zone=company_time_zone(settings),
        period_key=period,
        period_name=periods[period],
        rep=person,
        period={name: score[name] for name in PERIOD_COLUMNS} if score else None,
        score={name: score[name] for name in SCORE_COLUMNS} if score else None,
        metrics=[{name: row[name] for name in METRIC_COLUMNS} for row in metrics],
        edges={
            metric_id: _edges(levels, metric_id, role)
            for metric_id in ("", *(row["metric_id"] for row in metrics))
        },
        statuses=statuses,
    )


def read_periods(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The periods of a release that can be shown, and their names: running ones first."""
    types = connection.execute(
        "select period_type, current_name, previous_name from dim_period_types order by sort_order"
    ).fetchall()
    running = {period_type: current_name for period_type, current_name, _ in types}
    closed = {PREVIOUS + period_type: previous for period_type, _, previous in types if previous}
    return running | closed


def find_published_rep(settings: Settings, text: str) -> dict[str, Any]:
    """The rep of the current release that `find_rep` finds.

    Raises:
        ConfigError: nothing is published, or the rep is not clear.
        ScorecardError: the release has other columns than this code knows.
    """
    with reading_release(settings) as (_, connection):
        return find_rep(_reps(connection), text)


def find_rep(reps: Sequence[dict[str, Any]], text: str, *, what: str = "rep") -> dict[str, Any]:
    """The one rep (or manager) whose id or name this is, or of whose name alone it is a part.

    Raises:
        ConfigError: names the reps that it could be, or those with the closest names.
    """
    wanted = _folded(text)
    ways = (
        [rep for rep in reps if rep["rep_id"] == text.strip()],
        [rep for rep in reps if _folded(rep["rep_name"]) == wanted],
        [rep for rep in reps if wanted and wanted in _folded(rep["rep_name"])],
    )
    found = next((matches for matches in ways if matches), [])
    if len(found) == 1:
        return found[0]
    if found:
        names = _listed(found)
        raise ConfigError(f"'{text}' could be {len(found)} {what}s; give more of it:\n{names}")
    by_name = {_folded(rep["rep_name"]): rep for rep in reps}
    words = {word: name for name in by_name for word in name.split()}
    close = difflib.get_close_matches(wanted, [*by_name, *words], n=5, cutoff=0.6)
    near = {words.get(name, name): None for name in close}
    hint = f" Did you mean:\n{_listed([by_name[name] for name in near])}" if near else ""
    raise ConfigError(
        f"There is no {what} '{text}'.{hint or ' Give an id, a name or a part of a name.'}"
    )


@contextmanager
def reading_release(settings: Settings) -> Iterator[tuple[Release, duckdb.DuckDBPyConnection]]:
    """The current release, open for reading."""
    release = current_release(settings)
    if release is None:
        raise ConfigError(
            f"'{settings.company}' has not published anything yet. Run `scorecard refresh` first."
        )
    with open_tables(release.database) as connection:
        yield release, connection


def _reps(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return _rows(
        connection,
        REP_COLUMNS,
        "from dim_reps where is_current and rep_id <> 'unassigned' order by rep_name, rep_id",
    )


def _rows(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    rest: str,
    parameters: Sequence[object] = (),
) -> list[dict[str, Any]]:
    rows = connection.execute(f"select {', '.join(columns)} {rest}", parameters).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _selection(person: dict[str, Any], period: str) -> list[object]:
    return [person["rep_id"], period.removeprefix(PREVIOUS), not period.startswith(PREVIOUS)]


def _edges(levels: Sequence[dict[str, Any]], metric_id: str, role: str) -> list[float]:
    """The lower edges that hold for a metric and role: the most specific row of each level."""
    best: dict[str, tuple[int, float]] = {}
    for row in levels:
        if (row["metric_id"] or metric_id) == metric_id and (row["role"] or role) == role:
            rank = (2 if row["metric_id"] else 0) + (1 if row["role"] else 0)
            if row["level"] not in best or rank > best[row["level"]][0]:
                best[row["level"]] = (rank, row["min_attainment"])
    return sorted(edge for _, edge in best.values())


def _folded(text: str) -> str:
    """Without case, accents and double blanks."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in split if not unicodedata.combining(c)).split())


def _listed(reps: Sequence[dict[str, Any]]) -> str:
    lines = [
        f"  {rep['rep_id']}  {rep['rep_name']}" + (f" ({rep['team']})" if rep["team"] else "")
        for rep in reps[:SHOWN_NAMES]
    ]
    if len(reps) > SHOWN_NAMES:
        lines.append(f"  and {len(reps) - SHOWN_NAMES} more")
    return "\n".join(lines)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


class _Drawing:
    """The characters of a drawing: blocks, or letters where the terminal has only those."""

    def __init__(self, *, ascii_only: bool) -> None:
        self.full, self.tick, self.more = ("#", "|", ">") if ascii_only else ("█", "┃", "▶")
        self.bands = ("=", "-", ".") if ascii_only else ("▒", "░", "·")

    def bar(self, attainment: float | None, edges: Sequence[float], tone: str) -> Text:
        """A bar over the bands of the levels, with a tick at the goal."""
        step = 0.04
        cells = round(SCALE_END / step)
        filled = 0 if attainment is None else min(max(round(attainment / step), 0), cells)
        goal = round(1 / step)
        bar = Text()
        for cell in range(cells):
            band = sum((cell + 0.5) * step >= edge for edge in edges[1:])
            if cell == goal:
                bar.append(self.tick, style="bold")
            if cell == cells - 1 and attainment is not None and attainment > SCALE_END:
                bar.append(self.more, style="bold")
            elif cell < filled:
                bar.append(self.full, style=STYLES.get(tone, ""))
            else:
                bar.append(self.bands[min(band, len(self.bands) - 1)], style="dim")
        return bar


def _chip(status: Status) -> Text:
    return Text(status.name, style=f"bold {STYLES.get(status.tone, '')}")


def _joined(*parts: str | Text | None) -> Text:
    return Text("  ").join(
        [Text(part) if isinstance(part, str) else part for part in parts if part]
    )


def _header(scorecard: Scorecard, draw: _Drawing) -> RenderResult:
    rep = scorecard.rep
    tier = (rep["tier"] or "").replace("_", " ").capitalize()
    role = f"{tier} {rep['role'] or ''}".strip()
    manager = f"reports to {rep['manager_name']}" if rep["manager_name"] else ""
    left = "" if rep["is_active"] else "left the company"
    facts = [fact for fact in (role, rep["team"], rep["region"], manager, left) if fact]
    yield _joined(Text(rep["rep_name"], style="bold"), Text(rep["rep_id"], style="dim"))
    yield Text(", ".join(facts))
    refreshed = format_moment(scorecard.published_at, scorecard.time_zone)
    yield Text(f"Refreshed {refreshed}", style="dim")
    title = scorecard.period_name
    as_of = f"as of {format_day(scorecard.as_of_date)}"
    if scorecard.period is None or scorecard.score is None:
        yield Text(f"No scorecard for this period ({title.lower()}), {as_of}.")
        return
    period = scorecard.period
    days = format_period(period["period_id"], period["period_start"], period["period_end"])
    yield Text(f"{title}, {days}, {as_of}")
    score = scorecard.score
    status = status_of(scorecard.statuses, score["status"])
    yield Text("")
    yield _joined(
        Text(f"Score {percent(score['score'])}", style="bold"),
        _chip(status),
        f"leading {percent(score['leading_score'])}",
        f"lagging {percent(score['lagging_score'])}",
        f"rank {score['rank_in_role']} of {score['reps_in_role']}"
        if score["rank_in_role"] is not None
        else None,
    )
    if score["score"] is not None:
        yield draw.bar(score["score"], scorecard.edges[""], status.tone)
    yield Text(status.evidence, style="dim")


def _outlook(metric: dict[str, Any], value: Callable[[str], str]) -> Iterator[str]:
    """Where a running period heads; a ratio or mean, and a period that is over, head nowhere."""
    goal_period, goal_to_date = metric["goal_period"], metric["goal_to_date"]
    if metric["aggregation"] in ("ratio", "mean") or goal_period is None:
        return
    if goal_period <= goal_to_date:
        return
    if metric["projection"] is None:
        yield (
            "Not known where this period ends: too little is recorded to tell. "
            f"Its goal is {value('goal_period')}."
        )
        return
    likely = ""
    if metric["projection_low"] is not None:
        likely = f" (likely {value('projection_low')} to {value('projection_high')})"
    way = reach(metric["goal_probability"])
    yield f"Heading for {value('projection')}{likely} of {value('goal_period')}; {way}."
    if metric["needed_per_day"]:
        yield f"Needed from here: {value('needed_per_day')} per working day left."


def _metric(
    scorecard: Scorecard, metric: dict[str, Any], draw: _Drawing, width: int
) -> RenderResult:
    def value(name: str) -> str:
        return format_value(metric[name], metric["unit"], scorecard.currency)

    status = status_of(scorecard.statuses, metric["status"])
    edges = scorecard.edges[metric["metric_id"]]
    is_rate = metric["aggregation"] in ("ratio", "mean")
    goal = f"of {value('goal_to_date')} to date"
    if metric["goal_to_date"] is None:
        goal = "no goal for this period"
    elif is_rate:
        goal = f"goal {value('goal_to_date')}" + ("" if metric["is_higher_better"] else " or less")
    reached = f"{value('actual')}  {goal}"
    share = "" if metric["goal_to_date"] is None else percent(metric["attainment"])
    left = max(1, min(width, 80) - len(metric["metric_name"]) - len(reached) - len(share) - 2)
    yield Text("")
    yield Text.assemble((metric["metric_name"], "bold"), " " * left, reached, "  ", (share, "bold"))
    lines = []
    if metric["goal_to_date"] is None:
        lines.append(_chip(status))
    else:
        bar = draw.bar(metric["attainment"], edges, status.tone)
        lines.append(_joined(bar, _chip(status)))
    lines.append(Text(status.evidence, style="dim"))
    if metric["goal_to_date"] is not None and 0 < metric["judged_days"] < metric["working_days"]:
        figures = "" if is_rate else f": {value('judged_actual')} of {value('judged_goal')}"
        lines.append(
            Text(
                f"Judged on {metric['judged_days']} of {metric['working_days']} working "
                f"days{figures}. On the others no record could reach us."
            )
        )
    lines += [Text(line) for line in _outlook(metric, value)]
    for line in lines:
        yield Padding(line, (0, 0, 0, 2), expand=False)
