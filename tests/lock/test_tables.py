"""The lock finds one cell, one row, one type; noise in the last digits and times of a run pass."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.lock.tables import compare_tables, write_tables

RELEASE = """
create schema marts;
create table marts.scorecards as
select 'rep_' || i % 3 as rep_id, date '2025-06-01' + cast(i // 3 as integer) as start_date,
    i as calls, i / 7 as attainment, if(i = 4, null, 'below') as status
from range(9) as r (i);
create table marts.releases as
select 'now' as release_id, date '2025-06-30' as as_of_date,
    '{"raw_hubspot.owner": "now"}' as high_water_marks;
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("update marts.scorecards set attainment = attainment * (1 + 1e-12)", []),
        ("update marts.scorecards set attainment = 1e-12 where calls = 0", []),
        ("update marts.releases set release_id = 'later'", []),
        ("update marts.releases set high_water_marks = replace(high_water_marks, 'now', '-')", []),
        (
            "update marts.releases set high_water_marks = '{}'",
            ["releases: 1 rows before, 1 after", "  high_water_marks, cells: 1",
             """    as_of_date 2025-06-30: '{"raw_hubspot.owner": "read"}' → '{}'"""],
        ),
        (
            "update marts.scorecards set attainment = 0.5 where calls = 7",
            ["scorecards: 9 rows before, 9 after", "  attainment, cells: 1",
             "    rep_id rep_1, start_date 2025-06-03: 1.0 → 0.5"],
        ),
        (
            "update marts.scorecards set attainment = 'inf' where calls = 7",
            ["scorecards: 9 rows before, 9 after", "  attainment, cells: 1",
             "    rep_id rep_1, start_date 2025-06-03: 1.0 → inf"],
        ),
        (
            "update marts.scorecards set status = 'below', attainment = null where calls = 4",
            ["scorecards: 9 rows before, 9 after", "  attainment, cells: 1",
             f"    rep_id rep_1, start_date 2025-06-02: {4 / 7!r} → None", "  status, cells: 1",
             "    rep_id rep_1, start_date 2025-06-02: None → 'below'"],
        ),
        (
            "insert into marts.scorecards values ('rep_9', '2025-06-01', 1, 1, null)",
            ["scorecards: 9 rows before, 10 after", "  only after, rows: 1",
             "    rep_id rep_9, start_date 2025-06-01"],
        ),
        (
            "insert into marts.scorecards from marts.scorecards where calls = 2",
            ["scorecards: 9 rows before, 10 after", "  only after, rows: 1",
             "    rep_id rep_2, start_date 2025-06-01"],
        ),
        (
            "alter table marts.scorecards alter calls type varchar",
            ["scorecards: 9 rows before, 9 after", "  column calls was BIGINT, is VARCHAR"],
        ),
        (
            "alter table marts.scorecards rename calls to dials",
            ["scorecards: 9 rows before, 9 after", "  column calls only before",
             "  column dials only after"],
        ),
        ("alter table marts.releases drop release_id", [
            "releases: 1 rows before, 1 after", "  column release_id only before",
        ]),
        ("drop table marts.scorecards", ["scorecards: only before"]),
    ],
)  # fmt: skip
def test_a_difference_is_told_with_its_key(
    tmp_path: Path, change: str, expected: list[str]
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder, changes in ((before, ""), (after, change)):
        database = tmp_path / f"{folder.name}.duckdb"
        with duckdb.connect(str(database)) as connection:
            connection.execute(RELEASE + changes)
        write_tables(database, folder)
    assert compare_tables(before, after) == expected
