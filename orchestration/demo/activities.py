"""The activities of the demo company, drawn month by month."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from orchestration.demo.people import season_of
from orchestration.demo.planted import (
    AE,
    AM,
    CONNECT_RATE,
    CONVERSATION_RATE,
    DEMO_TO_OPPORTUNITY,
    LEAD_CONVERSION,
    MEETING_TO_OPPORTUNITY,
    RHYTHMS,
    SDR,
    SENIOR_PACE,
    STREAMS,
    Bools,
    Floats,
    Ints,
)
from orchestration.demo.writing import ARROW, CSV, Writer, as_text, csv_schema, ids, moments
from orchestration.sources.canonical import TABLE_BY_NAME


def write_activities(writer: Writer) -> None:
    """The activities, one month at a time."""
    schema = pa.schema(
        [(column.name, ARROW[column.type]) for column in TABLE_BY_NAME["activities"].columns]
    )
    company, written, day, month = writer.company, 0, 0, 0
    with ExitStack() as stack:
        path = writer.folder / f"activities.{writer.file_format}"
        sink: Any = (
            stack.enter_context(pq.ParquetWriter(path, schema))
            if writer.file_format == "parquet"
            else stack.enter_context(pa_csv.CSVWriter(path, csv_schema(schema), **CSV))
        )
        while day < company.days:
            first = company.first_day + dt.timedelta(days=day)
            following = (_month_of(first, 1) - company.first_day).days
            rng = np.random.default_rng([writer.seed, 2, month])
            # 2,000 reps at a time keep a month of a large company in memory
            for block in range(0, len(company.rep_ids), 2_000):
                fate = np.random.default_rng([writer.seed, 7, month, block])
                last = min(following, company.days)
                table = _draw(writer, rng, fate, block, day, last, written)
                if table is not None:
                    written += table.num_rows
                    table = table.cast(schema)
                    sink.write(as_text(table) if writer.file_format == "csv" else table)
            day, month = following, month + 1
    writer.rows["activities"] = written


def _month_of(day: dt.date, months: int) -> dt.date:
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def _draw(
    writer: Writer,
    rng: np.random.Generator,
    fate: np.random.Generator,
    block: int,
    first: int,
    last: int,
    written: int,
) -> pa.Table | None:
    company = writer.company
    reps = slice(block, block + 2_000)
    role = company.role[reps, first:last]
    senior = company.senior[reps, first:last] & (role == AE)
    ready = company.capacity[reps, first:last] * company.ramp[reps, first:last]
    skill = company.skill[reps, None]
    days = [company.first_day + dt.timedelta(days=d) for d in range(first, last)]
    season = {r: np.array([season_of(r, day) for day in days]) for r in RHYTHMS}
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
    occurred = writer.utc(rep, day, second)
    _remember(writer, rep, day, kind, second, rng)
    kept = _came_about(writer, fate, rep, day, kind)
    return _table(writer, rng, rep, day, kind, occurred, midnight, kept, written)


def _came_about(
    writer: Writer, fate: np.random.Generator, rep: Ints, day: Ints, kind: Ints
) -> Bools:
    """An SDR's meetings and demos come from calls: who makes or reaches fewer has fewer.

    Leads come in all the same, so that this moves no other number of the company.
    """
    company = writer.company
    types = np.array([stream.activity_type for stream in STREAMS])[kind]
    from_calls = (company.role[rep, day] == SDR) & np.isin(types, ("meeting", "demo"))
    skill = company.dial_skill[rep] * company.connect_skill[rep]
    result: Bools = ~from_calls | (fate.random(len(rep)) < skill)
    return result


def _remember(
    writer: Writer, rep: Ints, day: Ints, kind: Ints, second: Ints, rng: np.random.Generator
) -> None:
    """Keep the demos and meetings that open deals or convert leads."""
    role = writer.company.role[rep, day]
    types = np.array([s.activity_type if s.leads_to_deals else "" for s in STREAMS])
    chance = rng.random(len(rep))
    demo, meeting = types[kind] == "demo", types[kind] == "meeting"
    opens = (demo & (role == AE) & (chance < DEMO_TO_OPPORTUNITY)) | (
        meeting & (role == AM) & (chance < MEETING_TO_OPPORTUNITY)
    )
    converts = demo & (role == SDR) & (chance < LEAD_CONVERSION)
    writer.openings.append((rep[opens], day[opens], second[opens]))
    writer.sdr_demos.append((rep[converts], day[converts], second[converts]))


def _table(
    writer: Writer,
    rng: np.random.Generator,
    rep: Ints,
    day: Ints,
    kind: Ints,
    occurred: Ints,
    midnight: Bools,
    kept: Bools,
    written: int,
) -> pa.Table:
    company, count = writer.company, len(rep)
    role = company.role[rep, day]
    is_call = kind <= 1
    outcome, duration = _what_came_of_calls(writer, rng, rep, role, kind)
    # records that came late, were dated back, lost their owner or were deleted
    draw = rng.random(count)
    unassigned, deleted = draw < 0.004, (draw >= 0.004) & (draw < 0.008)
    logged, changed, backdated, late = _when_written(writer, rng, occurred, draw, deleted)
    writer.count("unassigned", unassigned & kept)
    writer.count("deleted", deleted & kept)
    writer.count("backdated", backdated & kept)
    writer.count("late", late & kept)
    writer.count("midnight", midnight & kept)
    account = rng.integers(1, writer.accounts + 1, count)
    table = pa.table(
        {
            "activity_id": ids("act_", written + np.cumsum(kept)),
            "rep_id": pc.if_else(
                pa.array(unassigned), None, pa.array(company.rep_ids).take(pa.array(rep))
            ),
            "activity_type": pa.array([s.activity_type for s in STREAMS]).take(pa.array(kind)),
            "direction": pa.array([s.direction for s in STREAMS]).take(pa.array(kind)),
            "outcome": outcome,
            "occurred_at": moments(occurred),
            "duration_seconds": pa.array(duration.astype(np.float64), mask=~is_call),
            "contact_id": ids("con_", account * 3 + day % 3),
            "lead_id": pa.nulls(count, pa.string()),
            "account_id": ids("acc_", account),
            "opportunity_id": pa.nulls(count, pa.string()),
            "created_at": moments(logged),
            "updated_at": moments(changed),
            "is_deleted": pa.array(deleted),
        }
    )
    return table.filter(pa.array(kept))


def _what_came_of_calls(
    writer: Writer, rng: np.random.Generator, rep: Ints, role: npt.NDArray[np.int8], kind: Ints
) -> tuple[pa.Array, Ints]:
    """The outcome of each activity, and how long it took if it was a call."""
    count, is_call = len(rep), kind <= 1
    chance = np.array(CONNECT_RATE)[role] * writer.company.connect_skill[rep]
    connected = rng.random(count) < chance
    connected = is_call & (connected | (kind == 1))
    talked = connected & (rng.random(count) < CONVERSATION_RATE)
    outcomes = ["connected", "no_answer", "voicemail", "busy"]
    labels = pa.array(outcomes + [stream.outcome or "" for stream in STREAMS])
    missed = 1 + np.searchsorted([0.6, 0.9], rng.random(count))
    outcome = np.where(connected, 0, np.where(is_call, missed, len(outcomes) + kind))
    length = rng.integers(0, 1200, count)
    short = np.where(connected, 5 + length % 115, length % 40)
    return labels.take(pa.array(outcome)), np.where(talked, 120 + length, short)


def _when_written(
    writer: Writer, rng: np.random.Generator, occurred: Ints, draw: Floats, deleted: Bools
) -> tuple[Ints, Ints, Bools, Bools]:
    """When each record was created and last changed; which were dated back, and which came late."""
    count = len(occurred)
    latest = np.maximum(writer.end_of_today - 1, occurred)
    noticed = occurred + rng.integers(10, 40, count) * 86_400
    edited = occurred + rng.integers(30, 120, count) * 86_400
    backdated = (draw >= 0.008) & (draw < 0.011) & (noticed <= latest)
    late = (draw >= 0.011) & (draw < 0.016) & (edited <= latest)
    logged = np.minimum(occurred + rng.integers(1, 3600, count), latest)
    logged = np.where(backdated, noticed, logged)
    changed = np.where(late | deleted, np.minimum(edited, latest), logged)
    return logged, changed, backdated, late
