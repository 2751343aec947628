"""How the tables of the demo company are written, and the clock of its records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from orchestration.demo.people import Company
from orchestration.demo.planted import PLACES, Bools, Ints
from orchestration.sources.canonical import TABLE_BY_NAME

FileFormat = Literal["csv", "parquet"]

ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("s"),
}
CSV = {"write_options": pa_csv.WriteOptions(quoting_style="none")}


class Writer:
    """Writes the tables of the company, and keeps what its records have in common."""

    def __init__(self, folder: Path, company: Company, seed: int, file_format: FileFormat) -> None:
        """Begin with empty tables."""
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

    def count(self, oddity: str, mask: Bools) -> None:
        """Count records with something odd, for `DemoTruth`."""
        self.oddities[oddity] += int(mask.sum())

    def write_small(self, name: str, rows: list[dict[str, Any]]) -> None:
        """A table given as rows."""
        columns = TABLE_BY_NAME[name].columns
        self.write(name, {c.name: pa.array([r[c.name] for r in rows]) for c in columns})

    def write(self, name: str, columns: dict[str, pa.Array]) -> None:
        """Write a table as CSV."""
        schema = pa.schema([(c.name, ARROW[c.type]) for c in TABLE_BY_NAME[name].columns])
        table = pa.table(columns).select(schema.names).cast(schema)
        pa_csv.write_csv(as_text(table), self.folder / f"{name}.csv", **CSV)
        self.rows[name] = table.num_rows


def csv_schema(schema: pa.Schema) -> pa.Schema:
    """The schema of the rows that `as_text` makes."""
    text = [pa.field(f.name, pa.string()) if pa.types.is_timestamp(f.type) else f for f in schema]
    return pa.schema(text)


def as_text(table: pa.Table) -> pa.Table:
    """Timestamps as `2026-11-23T17:05:00Z`, which no reader takes for a local time."""
    for i, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            moments = table.column(i).to_numpy(zero_copy_only=False)
            text = np.datetime_as_string(moments, unit="s")
            filled = pa.array(text, mask=np.isnat(moments))
            zoned = pc.binary_join_element_wise(filled, "Z", "")
            table = table.set_column(i, column.name, zoned)
    return table


def moments(seconds: Ints) -> pa.Array:
    """Seconds since 1970 as timestamps."""
    return pa.array(seconds).cast(pa.timestamp("s"))


def ids(prefix: str, numbers: Ints) -> pa.Array:
    """Numbers with a prefix."""
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")
