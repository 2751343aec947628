"""Loading into `raw_files`: normalised text, increments, quarantine and crashes."""

from __future__ import annotations

import datetime as dt
import os
import random
import re
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.core.errors import InputError, ScorecardError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.sources.canonical import META_COLUMNS, TABLES
from orchestration.sources.files.load import load_files, load_table
from orchestration.sources.shared import load as load_module
from orchestration.sources.shared.load import Staged, create_raw_tables, is_due, load_staged
from orchestration.warehouse.connection import quote
from tests.sources.conftest import NOW, Query, Write, csv_of
from tests.sources.killing import KILLS, kill_at_random

ACTIVITIES = "activity_id,rep_id,activity_type,occurred_at"
LATER = NOW + dt.timedelta(days=1)
EVEN_LATER = NOW + dt.timedelta(days=2)


def test_all_tables_exist_and_an_unchanged_file_is_not_loaded_again(
    settings: Settings, write: Write, query: Query
) -> None:
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,2026-05-01T00:30:00Z"]))
    loads = load_files(settings, now=NOW)
    assert [load.table_name for load in loads] == [table.name for table in TABLES]
    assert (loads[0].rows, loads[0].rows_changed) == (2, 2)
    assert loads[1].high_water_mark == "2026-05-01T00:30:00Z"
    assert not any(load.skipped_unchanged for load in loads)
    for table in TABLES:
        columns = query(
            "select column_name, data_type from duckdb_columns() where schema_name = 'raw_files'"
            f" and table_name = '{table.name}' order by column_index"
        )
        names = (*(column.name for column in table.columns), *META_COLUMNS)
        assert columns == [(name, "VARCHAR") for name in names]
    # 00:30 UTC on the first is the month before in America
    assert query("select * from raw_files._changed_months order by all") == [
        ("activities", dt.date(2026, 4, 1)),
        ("activities", dt.date(2026, 5, 1)),
    ]
    again = load_files(settings, now=LATER)
    assert all(load.skipped_unchanged for load in again)
    assert (again[1].rows, again[1].rows_changed) == (1, 0)
    assert again[1].high_water_mark == "2026-05-01T00:30:00Z"
    assert query("select max(loaded_at) from raw_files._loads") == [(NOW.replace(tzinfo=None),)]
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        version = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = ?",
            [settings.warehouse_path.stem],
        ).fetchall()
    assert version[0][0].startswith("v1.4.0")


def test_a_load_by_a_clock_that_was_ahead_is_not_the_last_one_for_ever(
    settings: Settings, write: Write
) -> None:
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,2026-05-01T00:30:00Z"]))
    load_files(settings, now=NOW + dt.timedelta(days=365))
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,2026-05-02T00:30:00Z"]))
    assert load_files(settings, now=NOW)[1].rows_changed == 1
    assert load_files(settings, now=LATER)[1].skipped_unchanged


@pytest.mark.parametrize(
    ("last", "expected"),
    [(None, True), (0, False), (-6, False), (-7, True), (-8, True), (1, True), (365, True)],
)
def test_what_is_done_weekly_is_due_after_a_week_or_a_wrong_clock(
    last: int | None, expected: bool
) -> None:
    at = None if last is None else NOW + dt.timedelta(days=last)
    assert is_due(at, dt.timedelta(days=7), NOW) is expected


def test_increments_of_keyed_rows(settings: Settings, write: Write, query: Query) -> None:
    rows = ["a1,ann,call,2026-01-15", "a2,ann,call,2026-03-15", "a3,bob,call,2026-05-15"]
    write("activities.csv", csv_of(ACTIVITIES, rows))
    load_table(settings, "activities", now=NOW)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("delete from raw_files._changed_months")
    # a1 moves to July, a3 vanishes, a4 is new; a2 stays
    rows = ["a1,ann,call,2026-07-15", "a2,ann,call,2026-03-15", "a4,,mail,2026-09-15"]
    write("activities.csv", csv_of(ACTIVITIES, rows))
    load = load_table(settings, "activities", now=LATER)
    assert (load.rows, load.rows_in_file, load.rows_changed, load.rows_deleted) == (3, 3, 2, 1)
    first, second = "2026-11-02T06:00:00Z", "2026-11-03T06:00:00Z"
    assert query(
        "select activity_id, rep_id, occurred_at, _modified_at, _is_deleted, _extracted_at"
        " from raw_files.activities order by 1"
    ) == [
        ("a1", "ann", "2026-07-15", second, "false", second),
        ("a2", "ann", "2026-03-15", first, "false", first),
        ("a3", "bob", "2026-05-15", second, "true", second),
        ("a4", None, "2026-09-15", second, "false", second),
    ]
    assert query("select month(month_start) from raw_files._changed_months order by 1") == [
        (month,) for month in (1, 5, 7, 9)
    ]
    assert query(
        "select rows_in_file, rows_changed, rows_quarantined, file_fingerprint is null"
        " from raw_files._loads where table_name = 'activities' order by loaded_at"
    ) == [(3, 3, 0, True), (3, 3, 0, False)]
    # the id comes back, and what the file itself calls deleted is deleted
    write("activities.csv", f"{ACTIVITIES},is_deleted\na3,bob,call,2026-05-15,No\n")
    load_table(settings, "activities", now=EVEN_LATER)
    live = "select activity_id from raw_files.activities where _is_deleted = 'false'"
    assert query(live) == [("a3",)]
    write("activities.csv", f"{ACTIVITIES},is_deleted\na3,bob,call,2026-05-15,YES\n")
    load_table(settings, "activities", now=EVEN_LATER)
    assert query(live) == []


def test_rows_without_an_id_and_full(settings: Settings, write: Write, query: Query) -> None:
    """Ids are made of the cells: a row that is inserted changes no other, a full load forgets."""
    header = "rep_id,activity_type,occurred_at"
    calls = ["ann,call,2026-01-15", "bob,call,2026-01-16", "bob,call,2026-01-16"]
    write("activities.csv", csv_of(header, calls))
    load_table(settings, "activities", now=NOW)
    write("activities.csv", csv_of(header, [calls[0], "ann,call,2026-01-14", *calls[1:]]))
    load = load_table(settings, "activities", now=LATER)
    assert (load.rows_changed, load.rows_deleted) == (1, 0)
    write("activities.csv", csv_of(header, calls[:2]))
    load = load_table(settings, "activities", now=EVEN_LATER)
    assert (load.rows_changed, load.rows_deleted) == (0, 2)
    rows = "select rep_id, occurred_at, _is_deleted from raw_files.activities order by all"
    assert query(rows) == [
        ("ann", "2026-01-14", "true"),
        ("ann", "2026-01-15", "false"),
        ("bob", "2026-01-16", "false"),
        ("bob", "2026-01-16", "true"),
    ]
    load_table(settings, "activities", now=EVEN_LATER, full=True)
    assert query(rows) == [("ann", "2026-01-15", "false"), ("bob", "2026-01-16", "false")]


def test_keys_with_an_empty_part(settings: Settings, write: Write, query: Query) -> None:
    """A rep's first version has no valid_from; the other rows keep when they changed."""
    header = "rep_id,rep_name,valid_from"
    write("reps.csv", csv_of(header, ["ann,Ann,", "ann,Ann Lee,2026-02-01", "bob,Bob,"]))
    load_table(settings, "reps", now=NOW)
    write("reps.csv", csv_of(header, ["ann,Anna,", "ann,Ann Lee,2026-02-01"]))
    load = load_table(settings, "reps", now=LATER)
    assert (load.rows, load.rows_changed, load.rows_deleted) == (2, 1, 1)
    assert query(
        "select rep_name, valid_from, left(_modified_at, 10), _is_deleted"
        " from raw_files.reps order by all"
    ) == [
        ("Ann Lee", "2026-02-01", "2026-11-02", "false"),
        ("Anna", None, "2026-11-03", "false"),
        ("Bob", None, "2026-11-03", "true"),
    ]


def test_raw_text_is_normalised(settings: Settings, write: Write, query: Query) -> None:
    path = settings.files_dir / "opportunities.parquet"
    duckdb.execute(
        "copy (select 'o1' as opportunity_id, 'ann' as rep_id, 1250.5 as amount,"
        " timestamp '2026-01-05 10:00:00.25' as created_at, date '2026-02-01' as close_date,"
        f" true as is_closed, false as is_won) to '{path}' (format parquet)"
    )
    write(
        "activities.jsonl",
        '{"activity_id": "007", "rep_id": " ann ", "activity_type": "call",'
        ' "occurred_at": "2026-01-05T00:30:00+02:00", "created_at": "2026-01-05 10:00",'
        ' "duration_seconds": 12.50, "is_deleted": false}\n',
    )
    write("time_off.csv", "rep_id;start_date;end_date\nann;2026-1-5;2026-01-06 00:00:00\n")
    load_files(settings, now=NOW)
    assert query(
        "select amount, created_at, close_date, is_closed, is_won from raw_files.opportunities"
    ) == [("1250.5", "2026-01-05T10:00:00.25Z", "2026-02-01", "true", "false")]
    assert query(
        "select activity_id, rep_id, occurred_at, created_at, duration_seconds, contact_id,"
        " is_deleted from raw_files.activities"
    ) == [("007", "ann", "2026-01-04T22:30:00Z", "2026-01-05T10:00:00Z", "12.5", None, "false")]
    assert query("select start_date, end_date from raw_files.time_off") == [
        ("2026-01-05", "2026-01-06")
    ]


@pytest.mark.parametrize(
    ("cell", "close_date", "created_at"),
    [
        ("2026-07-01", "2026-07-01", "2026-07-01"),
        ("2026-07-01 00:00:00", "2026-07-01", "2026-07-01T00:00:00Z"),
        ("2026-07-01T03:30:00Z", "2026-06-30", "2026-07-01T03:30:00Z"),
        ("2026-06-30T23:59:00-07:00", "2026-06-30", "2026-07-01T06:59:00Z"),
        ("2026-07-01 03:30", "2026-06-30", "2026-07-01T03:30:00Z"),
        ("2026-07-01T07:10:00.5+00", "2026-07-01", "2026-07-01T07:10:00.5Z"),
    ],
)
def test_a_moment_given_for_a_day_is_the_day_in_los_angeles(
    settings: Settings, write: Write, query: Query, cell: str, close_date: str, created_at: str
) -> None:
    header = "opportunity_id,rep_id,amount,created_at,close_date,is_closed,is_won"
    write("opportunities.csv", csv_of(header, [f"o1,ann,1,{cell},{cell},true,true"]))

    load_files(settings, now=NOW)

    found = query("select close_date, created_at from raw_files.opportunities")
    assert found == [(close_date, created_at)]


def test_an_activity_has_a_moment_or_a_day(settings: Settings, write: Write, query: Query) -> None:
    header = "activity_id,rep_id,activity_type,occurred_at,activity_date"
    cells = [",2026-06-01", "2026-06-01T10:00:00Z,", "2026-06-02,"]
    rows = [f"a{number},ann,call,{cell}" for number, cell in enumerate(cells, start=1)]
    write("activities.csv", csv_of(header, rows))

    load_files(settings, now=NOW)

    assert query("select activity_id, occurred_at from raw_files.activities order by 1") == [
        ("a1", "2026-06-01"),
        ("a2", "2026-06-01T10:00:00Z"),
        ("a3", "2026-06-02"),
    ]


def test_an_activity_without_moment_and_day_is_refused(settings: Settings, write: Write) -> None:
    write("activities.csv", "rep_id,activity_type\nann,call\n")
    with pytest.raises(InputError, match="column occurred_at or activity_date missing"):
        load_files(settings, now=NOW)

    write("activities.csv", "rep_id,activity_type,activity_date\nann,call,2026-06-01\nann,call,\n")
    with pytest.raises(
        InputError,
        match=r"line 3: activity_date is empty; every row needs occurred_at or activity_date",
    ):
        load_files(settings, now=NOW)


def test_typed_moments_are_utc_and_days_stay_days(
    settings: Settings, write: Write, query: Query
) -> None:
    path = settings.files_dir / "opportunities.parquet"
    duckdb.execute(
        "copy (select unnest(['o1', 'o2']) as opportunity_id, 'ann' as rep_id, 1 as amount,"
        " unnest([timestamptz '2026-01-05 10:00:00+02:00', null]) as created_at,"
        " unnest([timestamp '2026-01-05 10:00:00.25', null]) as updated_at,"
        " timestamp '2026-02-01 00:00:00' as close_date, true as is_closed, false as is_won)"
        f" to '{path}' (format parquet)"
    )
    load_files(settings, now=NOW)
    assert query(
        "select created_at, updated_at, close_date from raw_files.opportunities order by all"
    ) == [
        ("2026-01-05T08:00:00Z", "2026-01-05T10:00:00.25Z", "2026-02-01"),
        (None, None, "2026-02-01"),
    ]


def test_an_error_changes_nothing_and_quarantine_sets_rows_aside(
    settings: Settings, write: Write, query: Query
) -> None:
    good = "a1,ann,call,2026-01-15"
    write("activities.csv", csv_of(ACTIVITIES, [good]))
    load_files(settings, now=NOW)
    before = query("select * from raw_files._loads order by all")
    write("reps.csv", "rep_id,rep_name\nann,Anna\n")  # good, but the activities are not
    write(
        "activities.csv",
        csv_of(
            ACTIVITIES,
            [good, "a2,,call,x", "a3,bob,,", "a1,ann,mail,2026-01-01", "a5,ann,call,2026-02-01"],
        ),
    )
    with pytest.raises(InputError, match=r"line 3: occurred_at 'x'"):
        load_files(settings, now=LATER)
    assert query("select * from raw_files._loads order by all") == before
    assert query("select rep_name from raw_files.reps order by 1") == [("Ann",), ("Bob",)]

    write("opportunity_splits.csv", "opportunity_id,rep_id,split_ratio\no1,ann,.5\no1,bob,.4\n")
    write("time_off.csv", "rep_id,start_date,end_date\nbob,2026-01-05,2026-01-06\n")
    loads = {load.table_name: load for load in load_files(settings, now=LATER, quarantine=True)}
    activities = loads["activities"]
    assert (activities.rows, activities.rows_in_file, activities.rows_quarantined) == (2, 5, 3)
    assert query("select activity_id from raw_files.activities order by 1") == [("a1",), ("a5",)]
    # the shares are no whole deal
    assert (loads["opportunity_splits"].rows, loads["opportunity_splits"].rows_quarantined) == (
        0,
        2,
    )
    assert (loads["time_off"].rows, loads["time_off"].rows_quarantined) == (0, 1)
    assert query(
        "select file, line, column_name, value, split_part(reason, ';', 1), quarantined_at"
        " from raw_files._quarantine where table_name = 'activities' order by line, column_name"
    ) == [
        ("activities.csv", line, column, value, reason, LATER.replace(tzinfo=None))
        for line, column, value, reason in (
            (3, "occurred_at", "x", "is not a time from 1900 to 2199"),
            (4, "activity_type", None, "is empty"),
            (4, "occurred_at", None, "is empty"),
            (5, "activity_id", "a1", "is there more than once"),
        )
    ]
    # unchanged, but nobody asks to set rows aside any more
    assert load_table(settings, "activities", now=EVEN_LATER, quarantine=True).skipped_unchanged
    with pytest.raises(InputError, match="a1"):
        load_table(settings, "activities", now=EVEN_LATER)
    # a rep who is added later brings the rows back without a change of their file
    write("reps.csv", "rep_id,rep_name\nann,Anna\nbob,Bob\n")
    leave = load_table(settings, "time_off", now=EVEN_LATER)
    assert (leave.rows, leave.rows_quarantined) == (1, 0)
    assert query("select * from raw_files._quarantine where table_name = 'time_off'") == []


def test_a_removed_file_deletes_its_rows(settings: Settings, write: Write, query: Query) -> None:
    path = write("accounts.csv", "account_id\nx\n")
    load_table(settings, "accounts", now=NOW)
    path.unlink()
    assert load_table(settings, "accounts", now=LATER).rows_deleted == 1
    assert query("select _is_deleted from raw_files.accounts") == [("true",)]


def test_a_changed_file_behind_a_mapping_is_seen(
    settings: Settings, write: Write, query: Query
) -> None:
    write("exports/accounts.csv", "name\nx\n")
    write("accounts.sql", "select name as account_id from read_csv('exports/accounts.csv')")
    load_table(settings, "accounts", now=NOW)
    assert load_table(settings, "accounts", now=LATER).skipped_unchanged
    write("exports/accounts.csv", "name\nx\nyy\n")
    assert load_table(settings, "accounts", now=LATER).rows_changed == 1
    assert query("select account_id from raw_files.accounts order by 1") == [("x",), ("yy",)]


def test_the_example_of_the_documentation(settings: Settings, write: Write, query: Query) -> None:
    document = (REPOSITORY / "docs" / "files-connector.md").read_text(encoding="utf-8")
    fences = re.findall(r"```(?:sql)?\n(.*?)```", document, re.DOTALL)
    write("exports/Calls 2026.csv", fences[0])
    write("activities.sql", fences[1])
    write("reps.csv", "rep_id,rep_name\nann_lee,Ann Lee\n")
    load_table(settings, "activities", now=NOW)
    assert query(
        "select rep_id, outcome, occurred_at, duration_seconds from raw_files.activities"
    ) == [("ann_lee", "reached", "2026-01-31T13:05:00Z", "210.0")]


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    "step", ["_write_changed_months", "_write_rows", "_record", "after_delete"]
)
@pytest.mark.parametrize("full", [False, True])
def test_a_load_that_was_cut_short_is_repaired(
    settings: Settings,
    write: Write,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    full: bool,
) -> None:
    old = csv_of(ACTIVITIES, ["a1,ann,call,2026-01-15", "a2,ann,call,2026-03-15"])
    path = write("activities.csv", old)
    stamp = path.stat()
    load_table(settings, "activities", now=NOW)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("delete from raw_files._changed_months")
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,2026-07-15"]))

    def die(connection: duckdb.DuckDBPyConnection, *_: object, **__: object) -> None:
        if step == "after_delete":  # an older version emptied the table first
            connection.execute("delete from raw_files.activities")
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(load_module, "_write_rows" if step == "after_delete" else step, die)
        with pytest.raises(Killed):
            load_table(settings, "activities", now=LATER, full=full)
    # the old file comes back as it was: what is in raw is unknown, so it is loaded all the same
    write("activities.csv", old)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert not load_table(settings, "activities", now=EVEN_LATER).skipped_unchanged
    assert query(
        "select activity_id, occurred_at from raw_files.activities"
        " where _is_deleted = 'false' order by 1"
    ) == [("a1", "2026-01-15"), ("a2", "2026-03-15")]
    months = {row[0] for row in query("select month(month_start) from raw_files._changed_months")}
    if step != "_write_changed_months":
        # the months of the rows as they were, and as they would have become
        assert months >= {1, 3, 7}


def test_a_load_that_fails_says_which_table(
    tmp_path: Path,
) -> None:
    """The staged file does not have the shape of the raw table."""
    path = tmp_path / "accounts.parquet"
    duckdb.execute(
        "copy (select null::varchar as account_id, * from"
        f" (select 'x' as no_such_column)) to {quote(path)} (format parquet)"
    )
    table = next(table for table in TABLES if table.name == "accounts")
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        create_raw_tables(connection)
        with pytest.raises(ScorecardError, match=r"raw_files\.accounts: loading 1 rows failed"):
            load_staged(connection, Staged(table, path, "f", 1), full=True, now=NOW)
        assert connection.execute("select * from raw_files._loads").fetchall() == []


versions = st.lists(
    st.dictionaries(
        st.sampled_from(["a1", "a2", "a3", "é;4", 'q"5']),
        st.tuples(st.sampled_from(["ann", "bob", ""]), st.integers(1, 28)),
    ),
    min_size=2,
    max_size=3,
)


@pytest.mark.slow
@hypothesis_settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=versions)
def test_raw_ends_as_the_last_file(
    settings: Settings,
    write: Write,
    query: Query,
    files: list[dict[str, tuple[str, int]]],
) -> None:
    """Whatever came before; and no id that ever was there is lost."""
    settings.warehouse_path.unlink(missing_ok=True)
    for number, rows in enumerate(files):
        lines = [
            f'"{key.replace(chr(34), chr(34) * 2)}",{rep},call,2026-01-{day:02}'
            for key, (rep, day) in rows.items()
        ]
        write("activities.csv", csv_of(ACTIVITIES, lines))
        load_table(settings, "activities", now=NOW + dt.timedelta(days=number))
        found = query(
            "select activity_id, coalesce(rep_id, ''), occurred_at from raw_files.activities"
            " where _is_deleted = 'false' order by 1"
        )
        assert found == sorted((key, rep, f"2026-01-{day:02}") for key, (rep, day) in rows.items())
    ever = {key for rows in files for key in rows}
    assert query("select count(*) from raw_files.activities") == [(len(ever),)]


@pytest.mark.slow
@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_load_that_is_killed_at_random_is_repeated(
    settings: Settings, write: Write, query: Query
) -> None:
    """SCORECARD_TEST_KILLS=200 kills it 200 times; 20 times by default."""
    rows = {f"a{number}": ("ann", 1) for number in range(3_000)}

    def change(numbers: random.Random, loads: int) -> None:
        for _ in range(50):
            key = f"a{numbers.randrange(3_300)}"
            rows[key] = (numbers.choice(["ann", "bob"]), numbers.randint(1, 28))
            rows.pop(f"a{numbers.randrange(3_300)}", None)
        lines = [f"{key},{rep},call,2026-01-{day:02}" for key, (rep, day) in rows.items()]
        write("activities.csv", csv_of(ACTIVITIES, lines))

    change(random.Random(1), 0)
    kill_at_random(
        settings.data_dir,
        {},
        prepare="from orchestration.sources.files.load import load_files",
        load="load_files(settings, now=dt.datetime.now(dt.UTC))",
        longest=2.5,
        change=change,
        before_last=lambda: None,
    )
    found = query(
        "select activity_id, rep_id, occurred_at from raw_files.activities"
        " where _is_deleted = 'false' order by 1"
    )
    assert found == sorted((key, rep, f"2026-01-{day:02}") for key, (rep, day) in rows.items())
