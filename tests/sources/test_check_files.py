"""Reading and checking, without a warehouse: forms, dialects and each kind of failure."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.files.load import check_files
from tests.sources.conftest import Write, csv_of

ACTIVITIES = "activity_id,rep_id,activity_type,occurred_at"
DEALS = "opportunity_id,rep_id,amount,created_at,is_closed,is_won"


def failure(settings: Settings) -> str:
    with pytest.raises(InputError) as caught:
        check_files(settings)
    return str(caught.value)


def test_clean_files_pass_without_a_warning(settings: Settings, write: Write) -> None:
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,2026-01-05T10:00:00Z"]))
    write("opportunities.csv", csv_of(DEALS, ["o1,ann,12.5,2026-01-05,true,false"]))
    write("opportunity_splits.csv", "opportunity_id,rep_id,split_ratio\no1,ann,0.7\no1,bob,0.3\n")
    write("time_off.csv", "rep_id,start_date,end_date,fraction\nann,2026-01-05,2026-01-05,0.5\n")
    assert check_files(settings) == []
    assert not settings.warehouse_path.exists()


def test_missing_folder(settings: Settings) -> None:
    message = failure(settings)
    assert str(settings.files_dir) in message
    assert "Put reps.csv there" in message


def test_missing_reps(settings: Settings, write: Write) -> None:
    path = write("activities.csv", csv_of(ACTIVITIES, []))
    path.with_name("reps.csv").unlink()
    assert "there is no file of the table 'reps'" in failure(settings)


def test_two_forms_of_a_table(settings: Settings, write: Write) -> None:
    write("reps.sql", "select 1")
    assert "reps is there more than once (reps.csv, reps.sql)" in failure(settings)


def test_missing_columns(settings: Settings, write: Write) -> None:
    write("activities.csv", "activity_id,rep_id,kind\n")
    message = failure(settings)
    needed = "required columns activity_type, occurred_at or activity_date missing"
    assert f"activities.csv line 1: {needed}" in message
    assert "(found: activity_id, rep_id, kind)" in message
    assert "map the file with activities.sql" in message


def test_column_twice(settings: Settings, write: Write) -> None:
    write("reps.csv", "rep_id,rep_name,REP_ID\n")
    assert "the column 'rep_id' is there twice" in failure(settings)


def test_unread_columns_and_files_are_warnings(settings: Settings, write: Write) -> None:
    write("reps.csv", "rep_id,rep_name,shoe_size,hobby\nann,Ann,39,chess\n")
    write("activites.csv", "x\n")
    misspelt, unread = check_files(settings)
    assert misspelt == "activites.csv: nothing reads this file -> rename it to activities.csv"
    assert unread == "reps.csv: columns that are not read: shoe_size, hobby"


def test_unknown_manager_is_a_warning(settings: Settings, write: Write) -> None:
    write("reps.csv", "rep_id,rep_name,manager_id\nann,Ann,zoe\nbob,Bob,ann\n")
    assert check_files(settings) == ["reps: manager_id not among the reps: zoe"]


@pytest.mark.parametrize(
    ("table", "header", "row", "parts"),
    [
        (
            "activities",
            ACTIVITIES,
            "a1,ann,call,yesterday",
            "occurred_at 'yesterday' is not a time",
        ),
        (
            "activities",
            ACTIVITIES,
            "a1,ann,call,2026-13-05T10:00:00Z",
            "'2026-13-05T10:00:00Z' is not",
        ),
        ("activities", ACTIVITIES, "a1,ann,call,9026-01-05", "is not a time from 1900 to 2199"),
        (
            "activities",
            ACTIVITIES,
            "a1,ann,call,",
            "occurred_at is empty; every row needs occurred_at or activity_date",
        ),
        ("activities", ACTIVITIES, "a1,ann, ,2026-01-05", "activity_type is empty"),
        (
            "time_off",
            "rep_id,start_date,end_date",
            "zoe,2026-01-05,2026-01-06",
            "rep_id 'zoe' is not a rep_id of reps; add the rep or correct the id",
        ),
        (
            "opportunities",
            DEALS,
            "o1,ann,a lot,2026-01-05,true,true",
            "amount 'a lot' is not a num",
        ),
        ("opportunities", DEALS, "o1,ann,nan,2026-01-05,true,true", "amount 'nan' is not a number"),
        ("opportunities", DEALS, "o1,ann,1_0,2026-01-05,true,true", "amount '1_0' is not a number"),
        ("opportunities", DEALS, "o1,ann,1,2026-01-05,maybe,true", "is_closed 'maybe' is not true"),
        (
            "reps",
            "rep_id,rep_name,hire_date",
            "ann,Ann,05/13/2026",
            "hire_date '05/13/2026' is not",
        ),
        ("reps", "rep_id,rep_name,hire_date", "ann,Ann,infinity", "hire_date 'infinity' is not"),
        ("reps", "rep_id,rep_name,fte", "ann,Ann,1.5", "fte '1.5' is out of range"),
        ("reps", "rep_id,rep_name,fte", "ann,Ann,0", "fte '0' is out of range"),
        ("reps", "rep_id,rep_name", ",Ann", "rep_id is empty; every row needs it"),
        (
            "accounts",
            "account_id,fiscal_year_end_month",
            "x,1.5",
            "fiscal_year_end_month '1.5' is not a whole number",
        ),
        (
            "accounts",
            "account_id,fiscal_year_end_month",
            "x,13",
            "fiscal_year_end_month '13' is out of range: it must be a month from 1 to 12",
        ),
        (
            "time_off",
            "rep_id,start_date,end_date",
            "ann,2026-01-05,2026-01-04",
            "end_date '2026-01-04' is before start_date",
        ),
        (
            "time_off",
            "rep_id,start_date,end_date,fraction",
            "ann,2026-01-05,2026-01-05,2",
            "fraction '2' is out of range: it must be above 0 and at most 1",
        ),
        (
            "opportunity_splits",
            "opportunity_id,rep_id,split_ratio",
            "o1,ann,0.9",
            "the splits of opportunity o1 sum to 0.9, not 1",
        ),
        (
            "goals",
            "goal_id,scope,metric_id,period,goal",
            "g1,rep,dials,day,many",
            "goal 'many' is not a number; write 1234.5",
        ),
        (
            "reps",
            "rep_id,rep_name",
            "unassigned,Una Signed",
            "rep_id 'unassigned' is the id under which records without a rep are counted",
        ),
    ],
)
def test_bad_cell(
    settings: Settings, write: Write, table: str, header: str, row: str, parts: str
) -> None:
    write(f"{table}.csv", csv_of(header, [row]))
    message = failure(settings)
    assert f"{settings.files_dir / table}.csv line 2: " in message
    assert parts in message
    assert message.endswith("`scorecard refresh --quarantine`. Nothing was changed.")


def test_empty_rep_is_unassigned_where_that_makes_sense(settings: Settings, write: Write) -> None:
    write("activities.csv", csv_of(ACTIVITIES, ["a1,,call,2026-01-05"]))
    assert check_files(settings) == []
    write("time_off.csv", "rep_id,start_date,end_date\n,2026-01-05,2026-01-05\n")
    assert "rep_id is empty" in failure(settings)


def test_duplicate_id_names_the_later_row(settings: Settings, write: Write) -> None:
    row = "a1,ann,call,2026-01-05"
    write("activities.csv", csv_of(ACTIVITIES, [row, "a2,ann,call,2026-01-05", row]))
    message = failure(settings)
    assert "activities.csv line 4: activity_id 'a1' is there more than once" in message
    assert "line 2" not in message


def test_versions_of_a_rep(settings: Settings, write: Write) -> None:
    header = "rep_id,rep_name,valid_from"
    write("reps.csv", csv_of(header, ["ann,Ann,", "ann,Ann,2026-01-01"]))
    assert check_files(settings) == []
    write("reps.csv", csv_of(header, ["ann,Ann,", "ann,Ann,"]))
    assert "line 3: rep_id + valid_from 'ann, (empty)' is there more than once" in failure(settings)


def test_problems_of_one_kind_are_one_line_with_their_count(
    settings: Settings, write: Write
) -> None:
    moments = ["x", *(["2026-01-05"] * 3), "y", "x", *(f"z{n}" for n in range(6))]
    write(
        "activities.csv", csv_of(ACTIVITIES, [f"a{n},ann,call,{m}" for n, m in enumerate(moments)])
    )
    lines = failure(settings).splitlines()
    assert len(lines) == 2
    assert "activities.csv line 2: occurred_at 'x' is not a time" in lines[0]
    assert lines[0].endswith("(9 rows, also 'y', 'z0', 'z1' …)")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("timeoff.csv", "rename it to time_off.csv"),
        ("Opportunity.parquet", "rename it to opportunities.parquet"),
        ("Rep.csv", "reps is read from reps.csv; remove one of them"),
        ("leads.xlsx", "save it as leads.csv (CSV UTF-8); .xlsx files are not read"),
        ("OpportunityStageChange.csv", "rename it to opportunity_stage_changes.csv"),
        ("forecast.numbers", "save it as <table>.csv (CSV UTF-8); .numbers files are not read"),
    ],
)
def test_a_file_that_nothing_reads_has_a_likely_name(
    settings: Settings, write: Write, name: str, remedy: str
) -> None:
    write(name, "x\n")
    assert check_files(settings) == [f"{name}: nothing reads this file -> {remedy}"]


def test_what_a_mapping_reads_is_read(settings: Settings, write: Write) -> None:
    write("leads.sql", "select lead_id, created_at from read_csv('web forms.csv')")
    write("web forms.csv", "lead_id,created_at\nl1,2026-01-05T10:00:00Z\n")
    write("telesales.csv", "lead_id\nl2\n")
    (warning,) = check_files(settings)
    assert warning.startswith("telesales.csv: nothing reads this file")


@pytest.mark.parametrize(
    ("header", "row", "parts"),
    [
        ("calendar", "plian", "calendar 'plian' is not in calendars.csv; add it there, or use one"),
        (
            "time_zone",
            "Pacific Standard Time",
            "'Pacific Standard Time' is not a time zone of the tz",
        ),
        ("time_zone", "GMT+1", "write an IANA name, for example America/New_York"),
    ],
)
def test_names_that_a_rep_gives_exist(
    settings: Settings, write: Write, header: str, row: str, parts: str
) -> None:
    write("reps.csv", csv_of(f"rep_id,rep_name,{header}", ["ann,Ann,", f"bob,Bob,{row}"]))
    message = failure(settings)
    assert "reps.csv line 3: " in message
    assert parts in message


def test_problems_of_all_tables_are_listed(settings: Settings, write: Write) -> None:
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,x"]))
    write("opportunities.csv", csv_of(DEALS, ["o1,ann,x,2026-01-05,true,true"]))
    message = failure(settings)
    assert "activities.csv line 2" in message
    assert "opportunities.csv line 2" in message


def test_line_is_the_one_an_editor_shows(settings: Settings, write: Write) -> None:
    """Two line ends inside cells, one of them Windows', and an empty line come before."""
    write("activities.csv", f'{ACTIVITIES}\na1,ann,"a\nb\r\nc",2026-01-05\n\na2,ann,call,x\n')
    assert "activities.csv line 6: occurred_at 'x'" in failure(settings)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_dialects(settings: Settings, write: Write, delimiter: str, end: str) -> None:
    rows = ["rep_id,rep_name,team", 'ann,"Ann ""A"" B",x', "", "bob,Bob,y", "cid,,z"]
    text = end.join(rows).replace(",", delimiter) + end
    write("reps.csv", b"\xef\xbb\xbf" + text.encode())
    assert "reps.csv line 5: rep_name is empty" in failure(settings)


def test_header_alone_is_an_empty_table(settings: Settings, write: Write) -> None:
    write("activities.csv", ACTIVITIES)
    assert check_files(settings) == []


def test_nothing_at_all_is_no_table(settings: Settings, write: Write) -> None:
    write("activities.csv", "")
    assert "activities.csv line 1: is empty. The first line must name" in failure(settings)


@pytest.mark.parametrize("line", [1, 2, 3])
def test_bytes_that_are_not_utf8(settings: Settings, write: Write, line: int) -> None:
    lines = [b"rep_id,rep_name", b"ann,Ann", b"bob,Bob"]
    lines[line - 1] += b"\xe9"
    write("reps.csv", b"\n".join(lines))
    assert f"reps.csv line {line}: has bytes that are not UTF-8" in failure(settings)


def test_row_with_too_few_cells(settings: Settings, write: Write) -> None:
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,2026-01-05", "a2,ann"]))
    message = failure(settings)
    assert "activities.csv: cannot be read" in message
    assert "Line: 3" in message


def test_sql_mapping_reads_files_beside_it(settings: Settings, write: Write) -> None:
    write("exports/people.csv", "Name;Team\nAnn Lee;North\nBob Ray;\n")
    write(
        "reps.sql",
        "select lower(split_part(Name, ' ', 1)) as rep_id, Name as rep_name, Team as team\n"
        "from read_csv('exports/people.csv', delim = ';'); -- the whole list",
    )
    (settings.files_dir / "reps.csv").unlink()
    write("activities.csv", csv_of(ACTIVITIES, ["a1,ann,call,2026-01-05"]))
    assert check_files(settings) == []


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("select * from read_csv('nowhere.csv')", "goals.sql: the query fails:"),
        ("selec 1", "goals.sql: the query fails:"),
        ("select 1; select 2", "goals.sql: has 2 statements"),
        ("create table t as select 1", "Write one `select`"),
        ("select 1 as goal_id", "required columns scope, metric_id, period, goal missing"),
        (
            "select 'g' || i as goal_id, 'rep' as scope, 'm' as metric_id, 'day' as period,"
            " case i when 1 then 'x' else '1' end as goal from range(3) as r(i)",
            "goals.sql row 2: goal 'x' is not a number",
        ),
    ],
)
def test_sql_mapping_that_fails(settings: Settings, write: Write, sql: str, parts: str) -> None:
    write("goals.sql", sql)
    assert parts in failure(settings)


def test_parquet_names_the_row(settings: Settings, write: Write) -> None:
    path = settings.files_dir / "activities.parquet"
    duckdb.execute(
        "copy (select 'a' || i as activity_id, 'ann' as rep_id, 'call' as activity_type,"
        " case i when 1 then null else timestamp '2026-01-05 10:00:00' end as occurred_at"
        f" from range(3) as r(i)) to '{path}' (format parquet)"
    )
    assert "activities.parquet row 2: occurred_at is empty" in failure(settings)


def test_jsonl_names_the_line(settings: Settings, write: Write) -> None:
    write(
        "activities.jsonl",
        '{"rep_id": "ann", "activity_type": "call", "occurred_at": "2026-01-05"}\n'
        '{"rep_id": "ann", "activity_type": "call", "occurred_at": 7, "extra": {"a": 1}}\n',
    )
    assert "activities.jsonl line 2: occurred_at '7' is not a time" in failure(settings)


def test_import_costs_little() -> None:
    """Most commands never load: pandas takes seconds to import."""
    code = (
        "import sys, orchestration.sources.files;"
        "sys.exit(bool({'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
