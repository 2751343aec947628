"""Cells and headers that no export should have: each is refused with its file, line and column."""

from __future__ import annotations

import json

import duckdb
import pytest

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.files.load import check_files, load_files
from tests.sources.conftest import NOW, Query, Write

CALLS = "activity_id,rep_id,activity_type,occurred_at"


def failure(settings: Settings) -> str:
    with pytest.raises(InputError) as error:
        check_files(settings)
    assert len(str(error.value)) < 1_500
    return str(error.value)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-05 10:00 PST",
        "2026-01-05 10:00 America/New_York",
        "epoch",
        "infinity",
        "-infinity",
        "2026-01-05 10:00:00+99:00",
        "2026-01-05 10:00:00+15:00",
        "2026-01-05 (BC)",
        "now",
    ],
)
def test_what_only_a_database_takes_for_a_time_is_refused(
    settings: Settings, write: Write, moment: str
) -> None:
    write("activities.csv", f"{CALLS}\na0,ann,call,2026-01-05\na1,ann,call,{moment}\n")
    assert f"activities.csv line 3: occurred_at {moment!r} is not a time" in failure(settings)


@pytest.mark.parametrize("day", ["epoch", "infinity", "2026-01-05 (BC)", "2026-01-05 PST"])
def test_what_only_a_database_takes_for_a_day_is_refused(
    settings: Settings, write: Write, day: str
) -> None:
    write("reps.csv", f"rep_id,rep_name,hire_date\nann,Ann,{day}\n")
    assert f"reps.csv line 2: hire_date {day!r} is not a date" in failure(settings)


def test_times_of_many_exports_are_one_moment(
    settings: Settings, write: Write, query: Query
) -> None:
    moments = [
        "2026-01-05T10:00:00Z",
        "2026-01-05 10:00",
        "2026-01-05 10:00:00 UTC",
        "2026-01-05T11:00:00.000+0100",
        "2026-01-05 05:00:00-05",
        "2026/01/05 10:00:00",
        "2026-01-05T15:30:00+05:30",
    ]
    rows = [f"a{number},ann,call,{moment}" for number, moment in enumerate(moments)]
    write("activities.csv", "\n".join([CALLS, *rows]))
    load_files(settings, now=NOW)
    assert query("select distinct occurred_at from raw_files.activities") == [
        ("2026-01-05T10:00:00Z",)
    ]


@pytest.mark.parametrize("amount", ["1e308", "-1e300", "1e16", "inf"])
def test_a_number_beyond_all_reason_is_refused(
    settings: Settings, write: Write, amount: str
) -> None:
    header = "opportunity_id,rep_id,amount,created_at,is_closed,is_won"
    write("opportunities.csv", f"{header}\no1,ann,{amount},2026-01-05,false,false\n")
    assert f"line 2: amount '{amount}' is not a number" in failure(settings)


@pytest.mark.parametrize("size", [40_000, 1_000_000, 10_000_000])
def test_a_long_cell_is_named(settings: Settings, write: Write, size: int) -> None:
    write("reps.csv", f"rep_id,rep_name\nbob,Bob\nann,{'x' * size}\n")
    message = failure(settings)
    assert "reps.csv line 3: rep_name" in message
    assert "32,767 bytes" in message or "at most 2,000,000" in message


def test_a_long_cell_over_many_lines_is_named(settings: Settings, write: Write) -> None:
    cell = "word\n" * 500_000
    write("reps.csv", f'rep_id,rep_name\nbob,Bob\nann,"{cell}"\n')
    message = failure(settings)
    assert "reps.csv line 3: rep_name has 2,500,000 bytes" in message


@pytest.mark.parametrize("size", [40_000, 20_000_000])
def test_a_long_cell_of_json_is_named(settings: Settings, write: Write, size: int) -> None:
    (settings.files_dir / "reps.csv").unlink()
    rows = [{"rep_id": "bob", "rep_name": "Bob"}, {"rep_id": "ann", "rep_name": "x" * size}]
    write("reps.jsonl", "\n".join(map(json.dumps, rows)))
    message = failure(settings)
    assert "reps.jsonl line 2: rep_name" in message
    assert "32,767 bytes" in message or "at most 16,777,216" in message


def test_a_long_header_is_named(settings: Settings, write: Write) -> None:
    write("reps.csv", f"rep_id,rep_name,{'x' * 131_072}\nann,Ann,1\n")
    message = failure(settings)
    assert "reps.csv line 1, column 3: its name, 'xxx" in message
    assert "has 131,072 characters; at most 255" in message


def test_ten_thousand_columns_are_too_many(settings: Settings, write: Write) -> None:
    names = ",".join(f"c{number}" for number in range(1, 9_999))
    write("reps.csv", f"rep_id,rep_name,{names}\n")
    message = failure(settings)
    assert "reps.csv line 1: has 10,000 columns; at most 1,000" in message
    assert "after column 1,000, 'c998'" in message


def test_a_thousand_columns_are_read(settings: Settings, write: Write) -> None:
    names = ",".join(f"c{number}" for number in range(998))
    write("reps.csv", f"rep_id,rep_name,{names}\n")
    assert len(check_files(settings)) == 1


@pytest.mark.parametrize("value", [{"name": "North"}, ["North"], [], [{"a": 1}]])
def test_an_object_or_a_list_is_no_text(settings: Settings, write: Write, value: object) -> None:
    (settings.files_dir / "reps.csv").unlink()
    rows = [
        {"rep_id": "bob", "rep_name": "Bob", "team": "{not an object}"},
        {"rep_id": "ann", "rep_name": "Ann", "team": value},
    ]
    write("reps.jsonl", "\n".join(map(json.dumps, rows)))
    assert "reps.jsonl line 2: team is a list or an object" in failure(settings)


@pytest.mark.parametrize(
    "value", ["{'name': 'North'}", "['North']", "map {'a': 1}", "array_value('North')"]
)
def test_neither_is_one_of_a_parquet_file_or_of_a_mapping(
    settings: Settings, write: Write, value: str
) -> None:
    (settings.files_dir / "reps.csv").unlink()
    rows = (
        "select 'bob' as rep_id, 'Bob' as rep_name, null as team"
        f" union all select 'ann', 'Ann', {value}"
    )
    write("reps.sql", rows)
    assert "reps.sql row 2: team is a list or an object" in failure(settings)
    (settings.files_dir / "reps.sql").unlink()
    duckdb.execute(f"copy ({rows}) to '{settings.files_dir}/reps.parquet' (format parquet)")
    assert "reps.parquet row 2: team is a list or an object" in failure(settings)


def test_objects_in_columns_that_are_not_read_do_no_harm(settings: Settings, write: Write) -> None:
    (settings.files_dir / "reps.csv").unlink()
    write("reps.jsonl", json.dumps({"rep_id": "ann", "rep_name": "Ann", "tags": ["a"]}))
    assert check_files(settings) == ["reps.jsonl: columns that are not read: tags"]


def test_a_message_shows_no_escape_codes(settings: Settings, write: Write) -> None:
    write("reps.csv", f"rep_id,rep_name,fte\nann,Ann,\x1b[31mred\u202e{'y' * 500}\n")
    message = failure(settings)
    assert "fte 'redyyy" in message
    assert "\x1b" not in message
    assert "\u202e" not in message
